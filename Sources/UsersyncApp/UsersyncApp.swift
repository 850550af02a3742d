import Foundation
import JobQueue
package import Logging
import ServiceLifecycle
package import Settings
import SyncEngine
package import SyncModel
import SyncServer
import UnixSignals
import UserDirectory

/// Starts and stops the whole server.
package enum UsersyncApp {
    /// Runs the server until SIGTERM or SIGINT.
    /// - Throws: `StartFailure` if it cannot start.
    package static func run(settings: Settings) async throws {
        let assembly = try await Assembly(settings: settings, logger: LogOutput.logger(settings))
        let (grace, logger) = (settings.shutdownGrace, assembly.logger)
        let group = ServiceGroup(
            configuration: assembly.serviceGroup(
                signals: [.sigterm, .sigint],
                onDrain: {
                    // Outlives everything else: a commit that hangs must not keep the process alive. Whatever is running then is
                    // recovered at the next start, as after a crash.
                    Task {
                        try? await Task.sleep(for: .seconds(grace))
                        logger.error("SHUTDOWN_GRACE is over, the process ends now")
                        // At once: handlers of `exit` could wait for what hangs.
                        _exit(1)
                    }
                }))
        do {
            try await group.run()
        } catch {
            await assembly.close()
            throw assembly.phase.isStarted ? error : StartFailure(listening: error)
        }
        await assembly.close()
    }

    /// Starts the server in this process and returns once it answers.
    /// - Parameter logger: `nil` logs as the settings say.
    package static func start(settings: Settings, logger: Logger? = nil, clock: WallClock = .system) async throws
        -> any RunningApp
    {
        let assembly = try await Assembly(settings: settings, logger: logger ?? LogOutput.logger(settings), clock: clock)
        let group = ServiceGroup(configuration: assembly.serviceGroup(signals: []))
        // Unstructured: the server outlives this call. `stop` ends it and waits for it.
        let running = Task {
            do { try await group.run() } catch {
                await assembly.started.fail(error)
                throw error
            }
        }
        do {
            let port = try await assembly.started.port()
            return AppInProcess(port: port, assembly: assembly, group: group, running: running)
        } catch {
            running.cancel()
            _ = await running.result
            await assembly.close()
            throw error
        }
    }
}
