package import Hummingbird
package import JobQueue
import SyncAPI
package import SyncEngine
package import SyncModel

/// The queue at a glance.
package struct StatusController: Sendable {
    private let queue: any JobInspection
    private let engine: any EngineControl
    private let clock: WallClock

    package init(queue: any JobInspection, engine: any EngineControl, clock: WallClock) {
        self.queue = queue
        self.engine = engine
        self.clock = clock
    }

    package func addRoutes(to router: some RouterMethods<SyncRequestContext>) {
        router.on(.status, use: status)
    }

    @Sendable private func status(_ request: Request, _ context: SyncRequestContext) async throws -> Response {
        let now = clock.now()
        let statistics = try await queue.statistics(now: now)
        return .json(document: StatusDocument(queue: statistics, engine: await engine.status(), now: now))
    }
}
