import GRDB
import JobQueue
import JobQueueConformance
import SyncModel
import TestSupport
import Testing

@testable import JobQueueSQLite

@Suite("Moves that the states do not allow are told, and change nothing")
struct ImpossibleTransitionTests {
    /// Has something else write to the tables.
    private func write(_ sql: String, to queue: SQLiteJobQueue) async throws {
        try await queue.writer.alone { db in try db.execute(sql: sql) }
    }

    @Test("a reservation that is not there is neither ended nor made a lease")
    func reservation() async throws {
        try await withSQLiteQueue { fixture, queue in
            try await fixture.accept(queue, "a", users: 1)
            let batch = HeldBatch(
                batchKey: 1, seq: 1, jobID: JobID(now: fixture.now), number: 0, leasedAt: fixture.now)
            #expect(queue.tenantQueue { $0.take("a", [batch], hasMore: false) }.isEmpty)
            queue.tenantQueue { $0.unclaim("a") }
            queue.tenantQueue { $0.unclaim("unknown") }
            queue.tenantQueue { $0.unclaim("a", as: TenantState(), found: .noJob) }
            #expect(
                fixture.events.takeImpossible() == [
                    ImpossibleTransition(.lease, "a", in: "not reserved", met: "take"),
                    ImpossibleTransition(.lease, "a", in: "not reserved", met: "unclaim"),
                    ImpossibleTransition(.lease, "unknown", in: "not reserved", met: "unclaim"),
                    ImpossibleTransition(.lease, "a", in: "not reserved", met: "unclaim"),
                ])
            #expect(try await fixture.lease(queue, "a").count == 1, "it is ready as before")
        }
    }

    @Test("a held batch that the table knows as ended is neither finished nor put off")
    func endedBatch() async throws {
        try await withSQLiteQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 20, size: 10)
            let turn = try await fixture.lease(queue, "a")
            try await write("UPDATE batches SET done = 1 WHERE id & 1048575 = 0", to: queue)
            await #expect(throws: QueueError.leaseLost) {
                try await queue.finish(turn.map { $0.finished() }, now: fixture.now)
            }
            await #expect(throws: QueueError.leaseLost) {
                try await queue.retry(turn.at(0).lease, at: fixture.now, error: "busy", now: fixture.now)
            }
            #expect(
                fixture.events.takeImpossible()
                    == ["finish", "retry"].map {
                        ImpossibleTransition(.batch, "\(job.id.text)/0", in: "held and not open", met: $0)
                    })
            #expect(try await queue.job(job.id)?.counts == JobCounts())
            try await write("UPDATE batches SET done = 0", to: queue)
            _ = try await queue.finish(turn.map { $0.finished() }, now: fixture.now)
        }
    }

    @Test("a held batch of a job that has ended does not open it again")
    func endedJob() async throws {
        try await withSQLiteQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 10)
            let turn = try await fixture.lease(queue, "a")
            try await write("UPDATE jobs SET phase = 4", to: queue)
            await #expect(throws: QueueError.leaseLost) {
                try await queue.finish(turn.map { $0.finished() }, now: fixture.now)
            }
            await #expect(throws: QueueError.leaseLost) {
                try await queue.retry(turn.at(0).lease, at: fixture.now, error: "busy", now: fixture.now)
            }
            #expect(
                fixture.events.takeImpossible()
                    == ["finish", "retry"].map { ImpossibleTransition(.job, job.id.text, in: "closed", met: $0) })
            #expect(try await queue.job(job.id)?.batchesDone == 0)
            try await write("UPDATE jobs SET phase = 0", to: queue)
            _ = try await queue.finish(turn.map { $0.finished() }, now: fixture.now)
        }
    }

    @Test("the ledger of an open job is not forgotten; of one that was forgotten or is gone, again")
    func openLedger() async throws {
        try await withSQLiteQueue { fixture, queue in
            let open = try await fixture.accept(queue, "a", users: 10)
            let done = try await fixture.accept(queue, "b", users: 1)
            try await fixture.work(queue, "b")
            try await queue.ledgerForgotten([done.id])
            try await queue.ledgerForgotten([done.id, JobID(now: fixture.now), open.id])
            #expect(
                fixture.events.takeImpossible() == [
                    ImpossibleTransition(.job, open.id.text, in: "working", met: "ledgerForgotten")
                ])
            #expect(try await queue.endedWithLedger(endedBefore: .distantFuture, limit: 9).isEmpty)
            try await fixture.work(queue, "a")
            #expect(try await queue.endedWithLedger(endedBefore: .distantFuture, limit: 9) == [open.id])
        }
    }

    @Test("an attempt of a leased delivery that is gone or does not wait is told; one whose lease is lost is passed over")
    func unknownDelivery() async throws {
        try await withSQLiteQueue { fixture, queue in
            func record(_ leased: LeasedDelivery) async {
                await #expect(throws: QueueError.leaseLost) {
                    try await queue.record(
                        DeliveryAttempt(leased, at: fixture.now, status: 200, error: nil, next: .delivered))
                }
            }
            for id in ["msg_1", "msg_2", "msg_3"] { try await queue.add(fixture.delivery(id), now: fixture.now) }
            let leased = try await fixture.leaseDeliveries(queue)
            await queue.release([try leased.at(2)])
            try await write(
                "DELETE FROM deliveries WHERE id = 'msg_1'; UPDATE deliveries SET state = 2 WHERE id = 'msg_2'", to: queue)
            for one in leased { await record(one) }
            for one in leased { await record(one) }
            #expect(
                fixture.events.takeImpossible() == [
                    ImpossibleTransition(.delivery, "msg_1", in: "unknown", met: "record"),
                    ImpossibleTransition(.delivery, "msg_2", in: "dead", met: "record"),
                ])
            #expect(try await queue.delivery("msg_3")?.attempts == 0)
        }
    }
}
