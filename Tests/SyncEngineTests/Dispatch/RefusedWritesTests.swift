import GRDB
import JobQueue
import ServiceSupport
import SyncModel
import TestSupport
import Testing

@testable import JobQueueSQLite
@testable import SyncEngine

@Suite("What the queue refuses to hold")
struct RefusedWritesTests {
    /// Refuses what a statement would write, as a damaged table does.
    private static func refuse(_ statement: String, in queue: SQLiteJobQueue) async throws {
        try await queue.writer.alone { db in
            try db.execute(sql: "CREATE TRIGGER refusing BEFORE \(statement) BEGIN SELECT RAISE(ABORT, 'no'); END")
        }
    }

    @Test("a job whose results are refused at each try ends with its tries: its users are counted, the tenant goes on")
    func results() async throws {
        let ids = Shared<[JobID]>([])
        try await EngineBench.run(
            retry: RetryPolicy(maxAttempts: 3, base: 0.001, cap: 0.002),
            queued: { queue in
                for _ in 0..<2 { ids.value.append(try await EngineBench.accept(queue, "a", users: 3)) }
                let first = try await queue.read { db in try Int64.fetchOne(db, sql: "SELECT min(id) FROM batches") }
                try await Self.refuse("INSERT ON results WHEN new.id = \(first ?? 0)", in: queue)
            }
        ) { bench in
            let job = try #require(await bench.engine.ended(ids.value[0], within: 60))
            #expect(job.state == .completed && job.counts.created == 3 && job.counts.cancelled == 0)
            #expect(job.attempts.map(\.attempt) == [2, 1])
            #expect(job.warnings == ["The queue could not keep the results of 3 users"])
            #expect(try await bench.queue.results(of: job.id, status: nil, limit: 10, cursor: nil).items.isEmpty)
            #expect(await bench.engine.ended(ids.value[1], within: 60)?.state == .completed)
            let others = try await bench.queue.results(of: ids.value[1], status: nil, limit: 10, cursor: nil)
            #expect(others.items.count == 3)
            #expect(await bench.logs("error results refused by the queue", times: 3))
            #expect(bench.directory.effects.count == 2)
        }
    }

    @Test("a job whose results are refused ends when it is cancelled: what was applied is counted, the tenant goes on")
    func cancelled() async throws {
        let ids = Shared<[JobID]>([])
        try await EngineBench.run(
            retry: RetryPolicy(maxAttempts: 9, base: 1000, cap: 1000),
            queued: { queue in
                for _ in 0..<2 { ids.value.append(try await EngineBench.accept(queue, "a", users: 3)) }
                let first = try await queue.read { db in try Int64.fetchOne(db, sql: "SELECT min(id) FROM batches") }
                try await Self.refuse("INSERT ON results WHEN new.id = \(first ?? 0)", in: queue)
            }
        ) { bench in
            #expect(await bench.logs("error results refused by the queue"))
            _ = try await bench.engine.cancel(ids.value[0])
            let job = try #require(await bench.engine.ended(ids.value[0], within: 60))
            #expect(job.cancelRequested && job.counts.created == 3 && job.counts.settled == 3)
            #expect(job.warnings == ["The queue could not keep the results of 3 users"])
            #expect(await bench.logs("error job ended without all its results"))
            #expect(await bench.engine.ended(ids.value[1], within: 60)?.state == .completed)
        }
    }

    @Test("a batch that can neither end nor be put off is not tried without a pause")
    func neither() async throws {
        let (blocked, free) = (Shared<JobID?>(nil), Shared<[JobID]>([]))
        // No time passes: what waits, waits.
        try await EngineBench.run(
            machine: Machine(clock: ManualClock()),
            queued: { queue in
                blocked.value = try await EngineBench.accept(queue, "a", users: 1)
                for _ in 0..<40 { free.value.append(try await EngineBench.accept(queue, "b", users: 101)) }
                let first = try await queue.read { db in try Int64.fetchOne(db, sql: "SELECT min(id) FROM batches") }
                try await Self.refuse("UPDATE ON batches WHEN new.id = \(first ?? 0)", in: queue)
            }
        ) { bench in
            for id in free.value { #expect(await bench.queue.ended(id)?.state == .completed) }
            #expect(await bench.logs("error batch cannot be put off"))
            #expect(bench.directory.calls.count { $0.contains { $0.jobID == blocked.value } } <= 2)
        }
    }

    @Test("a job whose webhook is refused ends without it, and its tenant's later jobs end")
    func webhook() async throws {
        let ids = Shared<[JobID]>([])
        try await EngineBench.run(
            webhookURL: "https://wrapper.example/hook",
            queued: { queue in
                for users in [1, 250, 2] { ids.value.append(try await EngineBench.accept(queue, "a", users: users)) }
                let refused = ids.value[..<2].map { "'\($0.text)'" }.joined(separator: ", ")
                try await Self.refuse("INSERT ON deliveries WHEN new.job_id IN (\(refused))", in: queue)
            }
        ) { bench in
            for id in ids.value {
                let job = try #require(await bench.engine.ended(id, within: 60))
                let isRefused = id != ids.value[2]
                #expect(job.state == .completed)
                #expect(job.warnings == (isRefused ? ["The queue refused the webhook of this job"] : []))
                #expect(try await bench.queue.deliveries(of: id).count == (isRefused ? 0 : 1))
            }
            #expect(await bench.logs("error job ended without its webhook", times: 2))
        }
    }

    @Test("a job whose records were lost in the queue fails and says so; what the directory had applied of it stands")
    func lostRecords() async throws {
        let ids = Shared<[JobID]>([])
        try await EngineBench.run(
            webhookURL: "https://wrapper.example/hook",
            queued: { queue in
                for users in [250, 2] { ids.value.append(try await EngineBench.accept(queue, "a", users: users)) }
                try await queue.writer.alone { db in
                    try db.execute(sql: "DELETE FROM payloads WHERE id = (SELECT min(id) + 1 FROM batches)")
                }
            }
        ) { bench in
            let job = try #require(await bench.engine.ended(ids.value[0], within: 60))
            #expect(job.state == .failed && job.error == "The queue has lost the records of 100 users")
            #expect(job.counts.created == 150 && job.counts.cancelled == 100)
            #expect(try await bench.queue.deliveries(of: job.id).map(\.what.type) == ["user_sync.failed"])
            #expect(await bench.engine.ended(ids.value[1], within: 60)?.state == .completed)
            #expect(try await bench.queue.statistics(now: Timestamp(seconds: 0)).pendingUsers == 0)
        }
    }
}

extension SQLiteJobQueue {
    /// The job once it has ended: for an engine for which no time passes.
    fileprivate func ended(_ id: JobID) async -> Job? {
        while !Task.isCancelled {
            if let job = try? await job(id), job.state.isEnd { return job }
            await Task.yield()
        }
        return nil
    }
}
