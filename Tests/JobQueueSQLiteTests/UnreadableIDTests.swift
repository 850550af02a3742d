import GRDB
import JobQueue
import JobQueueConformance
import SyncModel
import Testing

@testable import JobQueueSQLite

@Suite("A job whose id can no longer be read")
struct UnreadableIDTests {
    private func damage(_ job: Job, in queue: SQLiteJobQueue, as id: String = "'damaged'") async throws {
        try await queue.writer.alone { db in try db.execute(sql: "UPDATE jobs SET id = \(id) WHERE id = '\(job.id.text)'") }
    }

    /// The jobs that say that they have another id.
    private func warned(_ queue: SQLiteJobQueue) async throws -> [Job] {
        try await queue.allJobs().filter { $0.warnings.contains { $0.contains("it has another one now") } }
    }

    @Test("gets another and goes on in its place: none of its tenant's jobs waits, and none overtakes it", arguments: 0..<3)
    func goesOn(place: Int) async throws {
        try await withSQLiteQueue { fixture, queue in
            var accepted: [Job] = []
            for users in 1...3 { accepted.append(try await fixture.accept(queue, "a", users: users)) }
            try await damage(accepted[place], in: queue)
            var order: [Int] = []
            while let turn = try? await fixture.lease(queue, "a", smallJobs: 9), !turn.isEmpty {
                order += turn.map(\.jobUsers)
                for job in try await queue.finish(turn.map { $0.finished() }, now: fixture.now) {
                    try await fixture.end(queue, job)
                }
            }
            #expect(order == [1, 2, 3])
            let jobs = try await queue.allJobs()
            #expect(jobs.count == 3 && jobs.allSatisfy { $0.state == .completed })
            #expect(try await warned(queue).map(\.totalUsers) == [place + 1])
            #expect(fixture.events.takeImpossible().map(\.event) == ["lease"])
            #expect(try await queue.audit() == [])
        }
    }

    @Test("ends if it only has to be ended, and with it those that wait for its end")
    func ends() async throws {
        try await withSQLiteQueue { fixture, queue in
            let first = try await fixture.accept(queue, "a", users: 0)
            try await fixture.accept(queue, "a", users: 0)
            try await damage(first, in: queue)
            for job in try await queue.endable(limit: 9) { try await fixture.end(queue, job) }
            #expect(try await queue.allJobs().map(\.state) == [.completed, .completed])
            #expect(try await warned(queue).count == 1)
            #expect(fixture.events.takeImpossible().map(\.event) == ["endable"])
        }
    }

    @Test("is cancelled to its end")
    func cancelled() async throws {
        try await withSQLiteQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 20, size: 10)
            _ = try await queue.requestCancel(job.id, now: fixture.now)
            try await damage(job, in: queue)
            let found = try await queue.cancelling(limit: 9)
            #expect(try await warned(queue).map(\.id) == found)
            #expect(found.count == 1 && fixture.events.takeImpossible().map(\.event) == ["cancelling"])
        }
    }

    @Test("is one in upper case too: nothing finds it by its text")
    func upperCase() async throws {
        try await withSQLiteQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 1)
            try await damage(job, in: queue, as: "upper(id)")
            let turn = try await fixture.lease(queue, "a")
            #expect(turn.count == 1 && turn.first?.jobID != job.id)
            #expect(try await warned(queue).map(\.id) == turn.map(\.jobID))
            #expect(fixture.events.takeImpossible().map(\.event) == ["lease"])
        }
    }

    @Test("is forgotten in its time if it has ended")
    func ended() async throws {
        try await withSQLiteQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 0)
            try await fixture.end(queue, job)
            try await damage(job, in: queue)
            let later = fixture.now.advanced(bySeconds: 1)
            let found = try await queue.endedWithLedger(endedBefore: later, limit: 1)
            #expect(try await warned(queue).map(\.id) == found && found.count == 1)
            try await queue.ledgerForgotten(found)
            #expect(try await queue.endedWithLedger(endedBefore: later, limit: 1) == [])
            #expect(fixture.events.takeImpossible().map(\.event) == ["endedWithLedger"])
        }
    }
}
