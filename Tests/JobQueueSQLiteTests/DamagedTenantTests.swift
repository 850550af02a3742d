import GRDB
import JobQueue
import JobQueueConformance
import SyncModel
import TestSupport
import Testing

@testable import JobQueueSQLite

@Suite("What is damaged of one tenant keeps no other from its work")
struct DamagedTenantTests {
    private func payload(of byte: Character, bytes: Int) -> BatchPayload {
        var writer = UserRecordWriter()
        writer.begin(index: 0)
        writer.set(.id, text: "a")
        writer.set(.email, text: "a@x.example")
        writer.set(.name, text: String(repeating: byte, count: bytes))
        writer.end()
        return BatchPayload(writer)
    }

    @Test(
        "a payload that cannot be read: its batch is leased as one whose payload is lost, ends, and can be cancelled",
        arguments: [false, true])
    func payload(isCancelled: Bool) async throws {
        try await withSQLiteQueue(isSound: false) { fixture, queue in
            let torn = fixture.newJob("a", users: 1)
            _ = try await queue.accept(
                torn, upload: nil, batches: [NewBatch(payload: payload(of: "Z", bytes: 60_000), firstIndex: 0, lastIndex: 0)])
            try await fixture.accept(queue, "b", users: 2)
            await queue.close()
            try DamagedDeliveriesTests.tear(pagesOf: UInt8(ascii: "Z"), in: queue.path)
            let next = try await SQLiteJobQueue.open(path: queue.path, clock: fixture.clock.wallClock)
            if isCancelled {
                guard case .requested(_, let open) = try await next.requestCancel(torn.id, now: fixture.now) else {
                    Issue.record("expected .requested")
                    return
                }
                let endable = try #require(try await next.drop(torn.id, batches: open, now: fixture.now))
                try await fixture.end(next, endable)
            }
            let leased = try await next.lease(LeaseRequest(tenants: 9, batches: 9, smallJobs: 9), now: fixture.now)
            #expect(leased.map(\.tenantID) == (isCancelled ? ["b"] : ["a", "b"]))
            #expect(leased.last?.payload.count == 2)
            let finished = leased.map { FinishedBatch(batch: $0, users: []) }
            for job in try await next.finish(finished, now: fixture.now, ending: { _ in nil }).endable {
                try await fixture.end(next, job)
            }
            #expect(try await next.job(torn.id)?.counts.cancelled == 1)
            #expect(next.admission() == .open && next.isWritable)
            await next.close()
        }
    }

    @Test("rows that cannot be deleted keep nothing else of what was pruned with them")
    func prune() async throws {
        try await withSQLiteQueue { fixture, queue in
            let later = fixture.now.advanced(bySeconds: 9)
            for tenant in ["a", "b", "c"] as [TenantID] {
                try await fixture.accept(queue, tenant, users: 2)
                try await fixture.work(queue, tenant, failing: [0], deliver: false)
            }
            try await queue.writer.alone { db in
                let first = try Int64.fetchOne(db, sql: "SELECT min(id) FROM payloads") ?? 0
                try db.execute(
                    sql: """
                        CREATE TRIGGER refusing BEFORE DELETE ON payloads WHEN old.id = \(first) BEGIN SELECT RAISE(ABORT, 'no'); END
                        """)
            }
            try await queue.ledgerForgotten(try await queue.endedWithLedger(endedBefore: later, limit: 9))
            #expect(try await queue.prune(jobsBefore: later, keysBefore: later, limit: 9) == 3)
            #expect(try await queue.leftovers().count == 1)
            #expect(try await queue.read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM payloads") } == 1)
            try await queue.writer.alone { db in try db.execute(sql: "DROP TRIGGER refusing") }
            try await queue.sweep(try await queue.leftovers())
            #expect(try await queue.read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM payloads") } == 0)
        }
    }

    @Test(
        "a number of batches that cannot be: the users that waited get the next numbers that are free", arguments: [0, 1 << 21])
    func batches(count: Int) async throws {
        try await withSQLiteQueue(isSound: false) { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 150)
            let first = try await queue.lease(LeaseRequest(of: "a", batches: 9), now: fixture.now)
            let finished = first.map { batch in FinishedBatch(batch: batch, users: [], deferred: [UInt32(batch.number * 100)]) }
            _ = try await queue.finish(finished, now: fixture.now, ending: { _ in nil })
            try await queue.writer.alone { db in try db.execute(sql: "UPDATE jobs SET batches = \(count)") }
            try await fixture.accept(queue, "b", users: 2)
            let leased = try await queue.lease(LeaseRequest(tenants: 9, batches: 9, smallJobs: 9), now: fixture.now)
            #expect(Set(leased.map(\.tenantID)) == ["a", "b"])
            #expect(leased.filter { $0.jobID == job.id }.map(\.number) == [2])
        }
    }

    @Test("rows that the writer cannot read: the others are leased all the same, and the tenant is tried again")
    func unreadable() async throws {
        try await withSQLiteQueue(isSound: false) { fixture, queue in
            for tenant in ["a", "b", "c"] as [TenantID] { try await fixture.accept(queue, tenant, users: 150) }
            // What it would write to its row is refused, as a damaged page refuses it.
            try await queue.writer.alone { db in
                try db.execute(
                    sql: """
                        CREATE TRIGGER refusing BEFORE UPDATE ON jobs WHEN new.tenant_id = 'b' BEGIN SELECT RAISE(ABORT, 'no'); END
                        """)
            }
            let leased = try await queue.lease(LeaseRequest(tenants: 9, batches: 9, smallJobs: 9), now: fixture.now)
            #expect(Set(leased.map(\.tenantID)) == ["a", "c"])
            await #expect(throws: QueueError.self) {
                try await queue.lease(LeaseRequest(tenants: 9, batches: 9, smallJobs: 9), now: fixture.now)
            }
            try await queue.writer.alone { db in try db.execute(sql: "DROP TRIGGER refusing") }
            let rest = try await queue.lease(LeaseRequest(tenants: 9, batches: 9, smallJobs: 9), now: fixture.now)
            #expect(Set(rest.map(\.tenantID)) == ["b"])
        }
    }
}
