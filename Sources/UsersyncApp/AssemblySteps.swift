import Foundation
import JobQueue
import Logging
import Settings
import SyncEngine
import SyncModel
import SyncServer
import Telemetry
import UserDirectory
import Webhooks

/// The steps of `Assembly.init`, which has their order; each returns what it made.
struct AssemblySteps {
    let settings: Settings
    let clock: WallClock
    let logger: Logger
    let phase = ProcessPhase()

    func makeFolder() throws {
        let path = settings.dataDirectory
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw AssemblySteps.noFolder(error)
        }
    }

    /// A full disk may have room the next time; the rest has to be changed by somebody. The error's own sentence quotes the path.
    private static func noFolder(_ error: any Error) -> StartFailure {
        let code = ((error as? CocoaError)?.underlying as? POSIXError)?.code
        let reason = code.map { ": \(String(cString: strerror($0.rawValue)))" } ?? ""
        let mayPass = [.ENOSPC, .EDQUOT, .EIO].contains(code)
        return StartFailure("DATA_DIR: the folder cannot be made\(reason)", isMisconfigured: !mayPass)
    }

    var warn: @Sendable (String) -> Void { { [logger] in logger.warning("\($0)") } }

    func engine(_ queue: any JobQueue, _ directory: any UserDirectory) -> Engine {
        Engine(
            queue: queue, directory: directory,
            configuration: EngineConfiguration(
                workers: settings.workers, webhookURL: settings.webhookURL?.text, publicURL: settings.publicURL),
            logger: logger, draining: { [phase] in phase.isDraining })
    }

    /// Opens the directory. An outage is no reason to stop: what is accepted waits in the queue until the directory is available.
    /// - Throws: `StartFailure` if only a person can make the directory usable.
    func prepare(_ directory: any UserDirectory, for engine: Engine) async throws {
        do throws(DirectoryError) {
            try await directory.prepare()
        } catch {
            guard case .unavailable(let text) = error else {
                throw StartFailure("the directory cannot be used: \(error)", isMisconfigured: true)
            }
            await engine.directoryUnavailable(text)
        }
    }

    func webhooks() throws -> WebhookSettings {
        do {
            return try WebhookSettings(settings, version: Version.current)
        } catch {
            throw StartFailure("the settings of webhooks cannot be used: \(error)", isMisconfigured: true)
        }
    }

    func maintenance(_ queue: any JobQueue, _ directory: any UserDirectory, _ engine: Engine) -> Maintenance {
        Maintenance(
            queue: queue, directory: directory, settings: MaintenanceSettings(settings), isQuiet: { engine.isIdle },
            logger: logger)
    }

    func serverDependencies(
        _ queue: any JobQueue, _ engine: Engine, _ webhooks: WebhookSettings, _ metrics: PrometheusRegistry
    ) -> HTTPServer.Dependencies {
        HTTPServer.Dependencies(
            settings: settings, queue: queue, engine: engine, clock: clock, logger: logger,
            isStarted: { phase.isStarted }, isDraining: { phase.isDraining },
            callbackProblem: { webhooks.addresses.validate(callbackURL: $0) },
            renderMetrics: { [clock] in metrics.render(await QueueMetrics.gauges(of: queue, engine, now: clock.now())) })
    }

    /// Raises the limit of open files; returns how many connections fit in it.
    func connections() -> Int {
        let files = OpenFiles.raise()
        let connections = OpenFiles.connections(of: files, wished: settings.maxConnections)
        if let wished = settings.maxConnections, wished > connections {
            logger.warning(
                "MAX_CONNECTIONS is more than the open files allow",
                metadata: ["maxConnections": .stringConvertible(connections), "openFiles": .stringConvertible(files ?? 0)])
        }
        return connections
    }
}
