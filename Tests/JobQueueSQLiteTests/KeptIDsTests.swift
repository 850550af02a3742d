import JobQueue
import JobQueueConformance
import SyncModel
import Synchronization
import Testing

@testable import JobQueueSQLite

@Suite("The ids kept in memory of waiting jobs")
struct KeptIDsTests {
    @Test("are those of so many jobs at most, however many wait, and go with their jobs")
    func bounded() async throws {
        try await QueueDriver.sqlite.withQueue { fixture, queue in
            let file = try #require(queue as? SQLiteJobQueue)
            for number in 0..<SQLiteJobQueue.mostCarriedIDs + 20 {
                var job = fixture.newJob("t\(number)", users: 1)
                job.carriedIDs = CarriedIDs()
                _ = try await queue.accept(job, upload: nil, batches: batches(1))
            }
            #expect(file.carriedIDs.withLock { $0.count } == SQLiteJobQueue.mostCarriedIDs)
            try await fixture.work(queue, "t0")
            #expect(file.carriedIDs.withLock { $0.count } == SQLiteJobQueue.mostCarriedIDs - 1)
        }
    }
}
