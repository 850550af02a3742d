import Foundation
import JobQueue
import JobQueueConformance
import SyncModel
import TestSupport
import Testing

@testable import JobQueueSQLite

@Suite("Reading beside reading", .timeLimit(.minutes(5)))
struct ReadingTests {
    private let clock = TestClock()

    /// A connection of those that others wait for is given back by a task, and tasks need the threads that wait here.
    @Test("reads on the caller's thread and reads that wait for a connection do not lock each other out")
    func crowd() async throws {
        let place = try TemporaryDirectory()
        let queue = try await SQLiteJobQueue.open(path: place.path + "/q.sqlite", clock: clock.wallClock)
        let now = clock.now
        // Were they to, no task would run any more, and no time limit end the test: a thread ends the run.
        let done = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            if done.wait(timeout: .now() + 300) == .timedOut { fatalError("reads lock each other out") }
        }
        let answered = try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<400 {
                group.addTask {
                    for _ in 0..<20 {
                        if number.isMultiple(of: 2) {
                            _ = try await queue.jobs(JobFilter(), limit: 1, cursor: nil)
                        } else {
                            _ = try await queue.nextDelivery(after: now)
                        }
                    }
                }
            }
            return try await group.reduce(0) { count, _ in count + 1 }
        }
        done.signal()
        #expect(answered == 400)
        await queue.close()
    }
}
