import CSQLiteSettings
package import JobQueue
import Logging
import ServiceLifecycle
package import SyncEngine
import SyncModel
package import Settings
import SyncServer
import Telemetry
import UnixSignals
package import UserDirectory
package import Webhooks

/// Assembles the server: every part is created here and passed to those that need it.
package struct Assembly: Sendable {
    package let settings: Settings
    let logger: Logger
    package let queue: any JobQueue
    package let directory: any UserDirectory
    package let engine: Engine
    package let courier: WebhookCourier
    let started = StartSignal()
    private let maintenance: Maintenance
    package let phase: ProcessPhase
    private let server: any Service

    /// Opens queue and directory and wires the rest; nothing runs yet.
    /// - Throws: `StartFailure` if the start must stop; it says what to fix. Both files are closed then.
    init(settings: Settings, logger: Logger, clock: WallClock = .system) async throws {
        // Before the first connection: SQLite counts every byte it allocates under a process-wide lock, for figures that are
        // never read. Once a connection is open, `sqlite3_config` fails and changes nothing.
        _ = usersync_sqlite_without_memory_statistics()
        // Bootstrap metrics before anything creates a counter: counters made earlier stay no-ops.
        let metrics = MetricsBackend.shared
        let steps = AssemblySteps(settings: settings, clock: clock, logger: logger)
        try steps.makeFolder()
        try steps.expectTwoFiles()
        let webhooks = try steps.webhooks()
        let queue = try await steps.openQueue()
        let directory = steps.directory()
        do {
            try await self.init(queue, directory, webhooks, steps, metrics)
        } catch {
            await Assembly.close(queue, directory)
            throw error
        }
    }

    /// Wires the parts around an open queue; whoever calls it closes queue and directory if it throws.
    private init(
        _ queue: any JobQueue, _ directory: any UserDirectory, _ webhooks: WebhookSettings, _ steps: AssemblySteps,
        _ metrics: PrometheusRegistry
    ) async throws {
        let (settings, logger, phase, started) = (steps.settings, steps.logger, steps.phase, self.started)
        (self.settings, self.logger, self.phase, self.queue, self.directory) = (settings, logger, phase, queue, directory)
        engine = steps.engine(queue, directory)
        try await steps.prepare(directory, for: engine)
        courier = WebhookCourier(outbox: queue, settings: webhooks, logger: logger)
        maintenance = steps.maintenance(queue, directory, engine)
        var dependencies = steps.serverDependencies(queue, engine, webhooks, metrics)
        dependencies.maxConnections = steps.connections()
        dependencies.hasUsers = { try? await directory.hasUsers(of: $0) }
        server = HTTPServer.application(
            dependencies,
            onRunning: { port in
                phase.start()
                logger.notice("listening", metadata: ["host": .string(settings.host), "port": .stringConvertible(port)])
                await started.succeed(port: port)
            })
    }

    /// The services in starting order; each is stopped before the one in front of it: first nothing more is accepted, then
    /// answers end, then work, then deliveries.
    /// - Parameter onDrain: called when a graceful shutdown begins.
    func serviceGroup(
        signals shutdown: [UnixSignal], onDrain: @escaping @Sendable () -> Void = {}
    ) -> ServiceGroupConfiguration {
        var configuration = ServiceGroupConfiguration(
            services: ([maintenance, courier, engine, server] + splitTenants + [DrainAnnouncer(phase: phase, onDrain: onDrain)])
                .map { .init(service: $0) },
            gracefulShutdownSignals: shutdown, logger: quiet(logger))
        // Two seconds before the grace period ends, cancel whatever still runs so it can unwind.
        configuration.maximumGracefulShutdownDuration = .seconds(max(1, settings.shutdownGrace - 2))
        return configuration
    }

    /// Where names stand for tenants.
    private var splitTenants: [any Service] {
        settings.tenantAliases == .off ? [] : [SplitTenants(queue: queue, directory: directory, logger: logger)]
    }

    /// Closes the files, after the services have ended.
    func close() async { await Assembly.close(queue, directory) }

    private static func close(_ queue: any JobQueue, _ directory: any UserDirectory) async {
        await queue.close()
        await directory.close()
    }

    /// The lifecycle library's own lines matter only if something goes wrong.
    private func quiet(_ logger: Logger) -> Logger {
        var quiet = logger
        if quiet.logLevel < .warning { quiet.logLevel = .warning }
        return quiet
    }
}
