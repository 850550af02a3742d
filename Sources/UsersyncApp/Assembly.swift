import CSQLiteSettings
import Foundation
package import JobQueueSQLite
import Logging
import ServiceLifecycle
package import SyncEngine
import SyncModel
import JobQueue
package import Settings
import SyncServer
import Synchronization
import Telemetry
import UnixSignals
package import UserDirectorySQLite
import UserDirectory
package import Webhooks

/// Assembles the server: every part is created here and passed to those that need it.
package struct Assembly: Sendable {
    package let settings: Settings
    let logger: Logger
    package let queue: SQLiteJobQueue
    package let directory: SQLiteUserDirectory
    package let engine: Engine
    package let courier: WebhookCourier
    let started = StartSignal()
    private let janitor: Janitor
    package let phase = ProcessPhase()
    private let server: any Service

    /// Opens queue and directory and wires the rest; nothing runs yet.
    /// - Throws: `StartFailure` if the start must stop; it says what to fix.
    init(settings: Settings, logger: Logger, clock: WallClock = .system) async throws {
        self.settings = settings
        self.logger = logger
        // Before the first connection: SQLite counts every byte it allocates under a process-wide lock, for figures that are
        // never read. Once a connection is open, `sqlite3_config` fails and changes nothing.
        _ = usersync_sqlite_without_memory_statistics()
        // Bootstrap metrics before anything creates a counter: counters made earlier stay no-ops.
        let registry = MetricsBackend.shared
        try Assembly.makeFolder(settings.dataDirectory)
        guard !FilePlace.isSame(settings.queue.path, settings.database.path) else {
            throw StartFailure(
                "QUEUE_URL and DATABASE_URL name one file, \(FilePlace.resolved(settings.queue.path)): each needs one of its own",
                isMisconfigured: true)
        }
        let phase = self.phase
        let started = self.started

        let warn: @Sendable (String) -> Void = { logger.warning("\($0)") }
        queue = try await SQLiteJobQueue.open(
            path: settings.queue.path,
            limits: QueueLimits(settings),
            clock: clock, warn: warn)
        directory = SQLiteUserDirectory(
            path: settings.database.path, emailScope: settings.emailScope, clock: clock,
            options: .init(retentionDays: Double(settings.retentionDays)), warn: warn)
        engine = Engine(
            queue: queue, directory: directory,
            configuration: EngineConfiguration(
                workers: settings.workers, webhookURL: settings.webhookURL, publicURL: settings.publicURL),
            clock: clock, logger: logger, draining: { phase.isDraining })
        do throws(DirectoryError) {
            try await directory.prepare()
        } catch {
            guard case .unavailable(let text) = error else {
                await queue.close()
                throw StartFailure("the directory cannot be used: \(error.text)")
            }
            // No reason to stop: what is accepted waits in the queue until the directory is available.
            await engine.directoryUnavailable(text)
        }

        let webhooks = try WebhookSettings(settings, version: Version.current)
        courier = WebhookCourier(outbox: queue, settings: webhooks, wall: clock, logger: logger)
        let engine = self.engine
        janitor = Janitor(
            queue: queue, directory: directory, settings: Janitor.Settings(settings), wall: clock, isQuiet: { engine.isIdle },
            logger: logger)

        let queue = self.queue
        var dependencies = HTTPServer.Dependencies(
            settings: settings, queue: queue, engine: engine, clock: clock, logger: logger,
            isStarted: { phase.isStarted }, isDraining: { phase.isDraining },
            callbackProblem: { webhooks.addresses.validate(callbackURL: $0) },
            renderMetrics: {
                registry.render(await QueueMetrics.gauges(of: queue, engine, now: clock.now()))
            })
        let files = OpenFiles.raise()
        dependencies.maxConnections = OpenFiles.connections(of: files, wished: settings.maxConnections)
        if let wished = settings.maxConnections, wished > dependencies.maxConnections {
            logger.warning(
                "MAX_CONNECTIONS is more than the open files allow",
                metadata: [
                    "maxConnections": .stringConvertible(dependencies.maxConnections),
                    "openFiles": .stringConvertible(files ?? 0),
                ])
        }
        let newest = try await queue.jobs(JobFilter(), limit: 1, cursor: nil).items.first
        dependencies.acceptance = AcceptanceClock(latest: newest?.acceptedAt)
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
            services: [
                janitor, courier, engine, server,
                DrainAnnouncer(phase: phase, onDrain: onDrain),
            ].map { .init(service: $0) },
            gracefulShutdownSignals: shutdown, logger: quiet(logger))
        // Two seconds before the grace period ends, cancel whatever still runs so it can unwind.
        configuration.maximumGracefulShutdownDuration = .seconds(max(1, settings.shutdownGrace - 2))
        return configuration
    }

    /// Closes the files, after the services have ended.
    func close() async {
        await queue.close()
        await directory.close()
    }

    /// The lifecycle library's own lines matter only if something goes wrong.
    private func quiet(_ logger: Logger) -> Logger {
        var quiet = logger
        if quiet.logLevel < .warning { quiet.logLevel = .warning }
        return quiet
    }

    private static func makeFolder(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw StartFailure("DATA_DIR: the folder \(path) cannot be made: \(error.localizedDescription)")
        }
    }
}
