package import Hummingbird
import HummingbirdCore
package import JobQueue
package import Logging
import NIOCore
package import Settings
import SyncAPI
package import SyncEngine
package import SyncModel

/// The HTTP server: one router, its middleware from the outside in, and the channel beneath them.
package enum HTTPServer {
    /// What the server needs from the rest of the process.
    package struct Dependencies: Sendable {
        package var settings: Settings
        package var queue: any JobIntake & JobInspection & TenantNaming & AliasControl & TenantMerging
        package var engine: any EngineControl
        package var clock: WallClock
        package var logger: Logger
        /// False until everything runs.
        package var isStarted: @Sendable () -> Bool
        package var isDraining: @Sendable () -> Bool
        /// Says why a `metadata.callbackUrl` may not be used; `nil` if it may.
        package var callbackProblem: @Sendable (String) -> String?
        /// All metrics as Prometheus text.
        package var renderMetrics: @Sendable () async -> [UInt8]
        /// Whether the directory has users of a tenant; `nil` if it cannot say now.
        package var hasUsers: @Sendable (TenantID) async -> Bool? = { _ in nil }
        /// Limits how many large uploads may arrive at the same time.
        package var seats = UploadSeats()
        /// How much time and how many bytes a caller may take.
        package var limits = ConnectionLimits()
        /// The most connections open at the same time.
        package var maxConnections = 1000

        package init(
            settings: Settings,
            queue: any JobIntake & JobInspection & TenantNaming & AliasControl & TenantMerging,
            engine: any EngineControl, clock: WallClock, logger: Logger, isStarted: @escaping @Sendable () -> Bool,
            isDraining: @escaping @Sendable () -> Bool,
            callbackProblem: @escaping @Sendable (String) -> String?, renderMetrics: @escaping @Sendable () async -> [UInt8]
        ) {
            self.settings = settings
            self.queue = queue
            self.engine = engine
            self.clock = clock
            self.logger = logger
            self.isStarted = isStarted
            self.isDraining = isDraining
            self.callbackProblem = callbackProblem
            self.renderMetrics = renderMetrics
        }
    }

    /// Memory that all uploads together may use for sorting, in MiB.
    private static let sortingMemory = 64

    /// Connections accepted per turn of an event loop: a turn is long when thousands of callers send at once.
    private static let acceptsAtOnce: UInt = 64

    /// The application, ready to run as a service.
    /// - Parameter onRunning: gets the port once the server listens.
    package static func application(
        _ dependencies: Dependencies, onRunning: @escaping @Sendable (Int) async -> Void
    ) -> some ApplicationProtocol {
        let (settings, limits) = (dependencies.settings, dependencies.limits)
        let answers = AnswerRecord(clock: dependencies.clock, logger: dependencies.logger)
        let register = ConnectionRegister(
            limit: dependencies.maxConnections, clock: dependencies.clock, logger: dependencies.logger)
        // Accepting faster than others are closed would use up the file descriptors that the databases need.
        let gate = MaximumAvailableConnections(ConnectionRegister.most(of: register.limit))
        return Application(
            router: router(dependencies, answers: answers, register: register),
            server: HTTPServerBuilder { ConnectionSetup(responder: $0, limits: limits, answers: answers, register: register) },
            configuration: ApplicationConfiguration(
                address: .hostname(settings.host, port: settings.port), serverName: "usersync", backlog: 1024, reuseAddress: true,
                availableConnectionsDelegate: gate),
            onServerRunning: { channel in
                try? await channel.setOption(.maxMessagesPerRead, value: acceptsAtOnce).get()
                await onRunning(channel.localAddress?.port ?? settings.port)
            },
            logger: dependencies.logger)
    }

    /// The endpoints of `RouteTable` and the middleware in front of them.
    package static func router(
        _ dependencies: Dependencies, answers: AnswerRecord? = nil, register: ConnectionRegister? = nil
    ) -> Router<SyncRequestContext> {
        let answers = answers ?? AnswerRecord(clock: dependencies.clock, logger: dependencies.logger)
        let settings = dependencies.settings
        let (queue, engine, clock) = (dependencies.queue, dependencies.engine, dependencies.clock)
        let router = Router(context: SyncRequestContext.self, options: .autoGenerateHeadEndpoints)
        if !settings.corsAllowedOrigins.isEmpty { router.add(middleware: OriginMiddleware(origins: settings.corsAllowedOrigins)) }
        router.add(
            middleware: EdgeMiddleware(
                clock: clock, trustedProxies: settings.trustedProxies, logger: dependencies.logger, answers: answers))
        router.add(
            middleware: AuthenticationMiddleware(
                keys: APIKeys(internalKeys: settings.internalKeys, opsKeys: settings.opsKeys),
                tokens: WrapperTokens(settings.wrapperSecrets), metricsPublic: settings.metricsPublic, clock: clock,
                register: register))
        if settings.environment == .development { router.add(middleware: DebugMiddleware()) }
        IntakeController(intake(dependencies)).addRoutes(to: router)
        StatusController(queue: queue, engine: engine, clock: clock).addRoutes(to: router)
        JobsController(
            queue: queue, engine: engine,
            views: JobViews(queue: queue, links: JobLinks(publicURL: settings.publicURL), clock: clock)
        ).addRoutes(to: router)
        DeliveriesController(queue: queue, engine: engine, clock: clock).addRoutes(to: router)
        TenantsController(
            queue: queue, clock: clock, mode: settings.tenantAliases, hasUsers: dependencies.hasUsers
        ).addRoutes(to: router)
        MergesController(
            queue: queue, engine: engine, clock: clock, mode: settings.tenantAliases, hasUsers: dependencies.hasUsers
        ).addRoutes(to: router)
        HealthController(
            engine: engine, isStarted: dependencies.isStarted, isQueueWritable: { await queue.isWritable }, clock: clock
        ).addRoutes(to: router)
        MetricsController(render: dependencies.renderMetrics).addRoutes(to: router)
        OpenAPIController(publicURL: settings.publicURL).addRoutes(to: router)
        return router
    }

    private static func intake(_ dependencies: Dependencies) -> IntakeDependencies {
        let (settings, clock) = (dependencies.settings, dependencies.clock)
        var intake = IntakeDependencies(
            queue: dependencies.queue, engine: dependencies.engine, settings: settings, clock: clock,
            limiter: SubmissionLimiter(settings.rateLimit, clock: clock), budget: RunBudget(blocks: sortingMemory),
            seats: dependencies.seats, isDraining: dependencies.isDraining, callbackProblem: dependencies.callbackProblem)
        intake.hasUsers = dependencies.hasUsers
        return intake
    }
}
