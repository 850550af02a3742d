import JobQueue
import SyncModel
import TestSupport
import Testing

@Suite("A queue that was closed")
struct ClosingTests {
    @Test("it neither takes nor tells anything any more", arguments: QueueDriver.all)
    func refuses(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 3)
            let leased = try await fixture.lease(queue, "a")
            await queue.close()
            let calls: [@Sendable () async throws -> Void] = [
                { _ = try await fixture.accept(queue, "a", users: 1) },
                { _ = try await fixture.lease(queue, "b") },
                { _ = try await queue.finish(leased.map { $0.finished() }, now: fixture.now) },
                { _ = try await queue.requestCancel(job.id, now: fixture.now) },
                { _ = try await queue.retryFailed(of: job.id, as: JobID(now: fixture.now), requestID: "r", now: fixture.now) },
                { _ = try await queue.job(job.id) },
                { _ = try await queue.results(of: job.id, status: nil, limit: 10, cursor: nil) },
                { _ = try await queue.endable(limit: 10) },
                { _ = try await queue.statistics(now: fixture.now) },
            ]
            for (number, call) in calls.enumerated() {
                let error = await #expect(throws: QueueError.self, "call \(number)") { try await call() }
                guard case .unavailable? = error else {
                    Issue.record("call \(number): \(String(describing: error))")
                    continue
                }
            }
        }
    }
}
