package import Hummingbird
import SyncAPI
package import SyncEngine
package import SyncModel

/// Whether the server is up, and whether it accepts work.
package struct HealthController: Sendable {
    private let engine: any EngineControl
    private let isStarted: @Sendable () -> Bool
    private let isQueueWritable: @Sendable () async -> Bool
    private let clock: WallClock

    /// - Parameters:
    ///   - isStarted: false until everything runs.
    ///   - isQueueWritable: whether the queue's last write succeeded; a full queue counts as writable.
    package init(
        engine: any EngineControl, isStarted: @escaping @Sendable () -> Bool,
        isQueueWritable: @escaping @Sendable () async -> Bool, clock: WallClock
    ) {
        self.engine = engine
        self.isStarted = isStarted
        self.isQueueWritable = isQueueWritable
        self.clock = clock
    }

    package func addRoutes(to router: some RouterMethods<SyncRequestContext>) {
        router.on(.health, use: health)
        router.on(.internalHealth, use: health)
        router.on(.live, use: live)
        router.on(.ready, use: ready)
    }

    /// The platform's connectivity check: it reached the server with a good key.
    @Sendable private func health(_ request: Request, _ context: SyncRequestContext) async throws -> Response {
        answer("ok", await engine.status())
    }

    /// The process is alive; nothing else is checked.
    @Sendable private func live(_ request: Request, _ context: SyncRequestContext) async throws -> Response {
        .json(document: AliveDocument())
    }

    /// 503 only while starting, draining, or when the queue cannot be written: jobs are accepted while the directory is away.
    @Sendable private func ready(_ request: Request, _ context: SyncRequestContext) async throws -> Response {
        guard isStarted() else { throw notReady("The server is starting", retryAfter: 1) }
        let status = await engine.status()
        guard !status.draining else { throw notReady("The server is draining", retryAfter: 5) }
        guard await isQueueWritable() else { throw notReady("The queue cannot be written", retryAfter: 5) }
        return answer("ready", status)
    }

    private func answer(_ word: String, _ status: EngineStatus) -> Response {
        .json(
            document: HealthDocument(
                status: word, at: clock.now(), directory: DirectoryDocument(status.directory), draining: status.draining))
    }

    private func notReady(_ why: String, retryAfter: Int) -> APIError {
        APIError(
            .serviceUnavailable, "Not ready", details: .text(why), headers: [.retryAfter: String(retryAfter)])
    }
}
