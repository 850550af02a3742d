import GRDB
import GRDBSQLite
import JobQueue
import JobQueueConformance
import SyncModel
import TestSupport
import Testing

@testable import JobQueueSQLite

@Suite("Batches whose records or rows are damaged")
struct LostRecordsTests {
    private static func lose(_ numbers: [Int], of job: JobID, in queue: SQLiteJobQueue) async throws {
        try await queue.writer.alone { db in
            let key = try Int64.fetchOne(db, sql: "SELECT batch_key FROM jobs WHERE id = ?", arguments: [job.text]) ?? 0
            for number in numbers {
                try db.execute(sql: "DELETE FROM payloads WHERE id = ?", arguments: [BatchName.id(key: key, number: number)])
            }
        }
    }

    @Test("a cancel ends a batch that had been applied though its records are lost, and the tenant's next job ends after it")
    func cancelled() async throws {
        try await withSQLiteQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 300)
            let next = try await fixture.accept(queue, "a", users: 0)
            try await Self.lose([0, 1], of: job.id, in: queue)
            guard case .requested(_, let unstarted) = try await queue.requestCancel(job.id, now: fixture.now) else {
                Issue.record("expected .requested")
                return
            }
            let users = (0..<100).map { AppliedUser(index: UInt32($0), outcome: .created, crmUserID: 1) }
            let open = try await queue.drop(
                job.id, batches: unstarted, applied: [0: users], settledAhead: nil, now: fixture.now)
            let endable = try #require(open)
            #expect(endable.counts.created == 100 && endable.counts.cancelled == 200)
            #expect(try await fixture.end(queue, endable))
            #expect(try await fixture.end(queue, next))
        }
    }

    /// What says that something of a job is open, once the tables have lost its open batches.
    enum Loss: String, CaseIterable {
        case batches = "UPDATE jobs SET batches_done = 1 WHERE id = ?1"
        case deferred = "UPDATE jobs SET batches_done = batches, deferred = 7 WHERE id = ?1"
    }

    @Test(
        "a job whose row says that something is open, of which the tables hold nothing, ends with what is known; its tenant goes on",
        arguments: Loss.allCases, [false, true])
    func nothingOpen(loss: Loss, isCancelled: Bool) async throws {
        try await withSQLiteQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 300)
            let next = try await fixture.accept(queue, "a", users: 1)
            let turn = try await fixture.lease(queue, "a")
            _ = try await queue.finish(turn.map { $0.finished() }, now: fixture.now)
            try await queue.writer.alone { db in
                try db.execute(
                    sql: "DELETE FROM batches WHERE done = 0 AND id >> 20 = (SELECT batch_key FROM jobs WHERE id = ?1)",
                    arguments: [job.id.text])
                try db.execute(sql: loss.rawValue, arguments: [job.id.text])
            }
            _ = fixture.events.take()
            if isCancelled {
                guard case .requested(let marked, unstarted: []) = try await queue.requestCancel(job.id, now: fixture.now) else {
                    Issue.record("expected .requested")
                    return
                }
                #expect(marked.counts.cancelled == 200)
            } else {
                #expect(try await fixture.lease(queue, "a").isEmpty)
                #expect(fixture.events.take().jobsWaiting == 1)
            }
            #expect(
                fixture.events.takeImpossible() == [
                    ImpossibleTransition(
                        .job, job.id.text, in: "open without an open batch", met: isCancelled ? "cancel" : "lease")
                ])
            let endable = try #require(try await queue.endable(limit: 9).first)
            #expect(endable.id == job.id && endable.counts.created == 100 && endable.counts.cancelled == 200)
            #expect(try await queue.statistics(now: fixture.now).pendingUsers == 1)
            #expect(try await queue.readyTenants(now: fixture.now, limit: 9) == ["a"])
            #expect(try await fixture.lease(queue, "a").map(\.jobID) == [next.id])
            #expect(try await fixture.end(queue, endable))
        }
    }

    @Test("a cancel of which nothing is left is found, whatever became of its batches")
    func nothingToDrop() async throws {
        try await withSQLiteQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 300)
            _ = try await queue.requestCancel(job.id, now: fixture.now)
            try await queue.writer.alone { db in try db.execute(sql: "DELETE FROM batches") }
            #expect(try await queue.cancelling(limit: 9) == [job.id])
            _ = try await queue.requestCancel(job.id, now: fixture.now)
            #expect(fixture.events.takeImpossible().map(\.event) == ["cancel"])
            #expect(try await queue.cancelling(limit: 9).isEmpty)
            #expect(try await queue.endable(limit: 9).map(\.counts.cancelled) == [300])
        }
    }

    @Test("batches that are open before the one from which on a job's are looked for are found")
    func skipped() async throws {
        try await withSQLiteQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 200)
            try await queue.writer.alone { db in try db.execute(sql: "UPDATE jobs SET next_batch = 2") }
            #expect(try await fixture.lease(queue, "a").isEmpty)
            #expect(fixture.events.takeImpossible().count == 1)
            #expect(try await queue.readyTenants(now: fixture.now, limit: 9) == ["a"])
            try await fixture.work(queue, "a")
            #expect(try await queue.job(job.id)?.state == .completed)
        }
    }

    @Test("a batch whose records are lost is leased empty, and its users are counted", arguments: [false, true])
    func leased(isKnown: Bool) async throws {
        try await withSQLiteQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 150)
            try await Self.lose([1], of: job.id, in: queue)
            let turn = try await fixture.lease(queue, "a", 2)
            #expect(turn.map(\.payload.count) == [100, 0])
            // The ledger may know what became of them.
            let users = (isKnown ? 100..<150 : 0..<0).map { AppliedUser(index: UInt32($0), outcome: .created, crmUserID: 1) }
            let ended = try await queue.finish(
                [turn[0].finished(), FinishedBatch(batch: turn[1], users: users)], now: fixture.now)
            #expect(ended.first?.counts.created == (isKnown ? 150 : 100))
            #expect(ended.first?.counts.cancelled == (isKnown ? 0 : 50))
            #expect(try await queue.statistics(now: fixture.now).pendingUsers == 0)
            for job in ended { try await fixture.end(queue, job) }
        }
    }

    @Test("a batch whose row tells of any number of tries is put off all the same", arguments: [Int64.max, .min, -1])
    func tries(_ number: Int64) async throws {
        try await withSQLiteQueue { fixture, queue in
            try await fixture.accept(queue, "a", users: 1)
            try await queue.writer.alone { db in try db.execute(sql: "UPDATE batches SET attempts = \(number)") }
            let leased = try await fixture.lease(queue, "a")
            let later = fixture.now.advanced(bySeconds: 1)
            try await queue.retry(try #require(leased.first).lease, at: later, error: "no", now: fixture.now)
            fixture.clock.advance(2)
            let again = try await fixture.lease(queue, "a")
            #expect(try #require(again.first).attempts == (number > 0 ? 1_000_001 : 1))
        }
    }

    @Test("a drop in many steps says once how many results it lost")
    func dropped() async throws {
        try await withSQLiteQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 150, size: 1)
            try await queue.writer.alone { db in
                try db.execute(sql: "CREATE TRIGGER refusing BEFORE INSERT ON results BEGIN SELECT RAISE(ABORT, 'no'); END")
            }
            _ = try await queue.requestCancel(job.id, now: fixture.now)
            let applied = Dictionary(
                uniqueKeysWithValues: (0..<150).map {
                    ($0, [AppliedUser(index: UInt32($0), outcome: .created, crmUserID: 1)])
                })
            let ended = try await queue.drop(
                job.id, batches: Array(0..<150), applied: applied, settledAhead: nil, now: fixture.now)
            #expect(ended?.counts.created == 150)
            #expect(ended?.warnings == ["The queue could not keep the results of 150 users"])
        }
    }

    @Test("results larger than a row may be are refused, rather than called an outage")
    func tooLarge() async throws {
        try await withSQLiteQueue { fixture, queue in
            try await fixture.accept(queue, "a", users: 100)
            let leased = try await fixture.lease(queue, "a")
            try await queue.writer.alone { db in _ = sqlite3_limit(db.sqliteConnection, SQLITE_LIMIT_LENGTH, 4000) }
            let error = await #expect(throws: QueueError.self) {
                _ = try await queue.finish(leased.map { $0.finished() }, now: fixture.now)
            }
            guard case .refused? = error else {
                Issue.record("expected .refused, got \(String(describing: error))")
                return
            }
            #expect(queue.isWritable)
        }
    }

    @Test("the largest number of a tenant's ends does not end the process")
    func lastSequence() async throws {
        try await withSQLiteQueue { fixture, queue in
            try await queue.writer.alone { db in
                try db.execute(sql: "INSERT INTO tenant_ends (tenant_id, sequence, ended_at) VALUES ('a', \(Int64.max), 0)")
            }
            try await fixture.accept(queue, "a", users: 1)
            try await fixture.work(queue, "a")
            #expect(try await queue.jobs(JobFilter(), limit: 1, cursor: nil).items.first?.state == .completed)
        }
    }
}
