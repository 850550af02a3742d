import GRDB
import JobQueue
import JobQueueConformance
import SyncModel
import TestSupport
import Testing

@testable import JobQueueSQLite

@Suite("The net: what the tables say is ready is what memory says is ready")
struct ReconcilingTests {
    /// A call that has returned.
    private let over = LeaseCall(number: 0)

    /// Breaks the tenant queue, and expects that the first look says nothing, the second one puts it right, and the third one finds nothing.
    private func expect(
        _ kind: QueueRepair.Kind, of tenantID: TenantID?, in queue: SQLiteJobQueue,
        sourceLocation: SourceLocation = #_sourceLocation,
        breaking: (inout sending TenantQueue) -> Void
    ) async throws {
        queue.tenantQueue(breaking)
        let before = queue.repairs
        #expect(try await queue.reconcile(limit: 9) == [], "it may be gone by the next look", sourceLocation: sourceLocation)
        let repairs = try await queue.reconcile(limit: 9)
        #expect(repairs == [QueueRepair(kind: kind, tenantID: tenantID)], sourceLocation: sourceLocation)
        #expect(try await queue.reconcile(limit: 9) == [], sourceLocation: sourceLocation)
        #expect(queue.repairs == before + 1, sourceLocation: sourceLocation)
    }

    @Test("work that memory forgot is found, and the observer told")
    func forgotten() async throws {
        try await withSQLiteQueue { fixture, queue in
            try await fixture.accept(queue, "a", users: 1)
            _ = fixture.events.take()
            try await expect(.forgottenWork, of: "a", in: queue) { $0.setWork("a", false) }
            #expect(fixture.events.take() == .init(ready: ["a"]))
            #expect(try await fixture.lease(queue, "a").count == 1)
        }
    }

    @Test(
        "work that is none, a batch held beyond its end, a backoff of nothing, a reservation that nobody ends, a place in no line"
    )
    func others() async throws {
        try await withSQLiteQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 20, size: 10)
            let turn = try await fixture.lease(queue, "a")
            let held = try #require(queue.tenantQueue { $0.held(turn[0].lease) }).batch
            _ = try await queue.finish(turn.map { $0.finished() }, now: fixture.now)
            let now = fixture.now

            try await expect(.staleLease, of: "a", in: queue) { tenants in
                _ = tenants.claim("a", now: now, by: over)
                _ = tenants.take("a", [held], hasMore: false)
            }
            try await expect(.staleClaim, of: "a", in: queue) { _ = $0.claim("a", now: now, by: over) }
            try await expect(.staleBackoff, of: "a", in: queue) { tenants in
                let until = now.advanced(bySeconds: 60)
                tenants.backOff("a", Backoff(jobID: job.id, seq: held.seq, batch: 1, attempts: 1, until: until, lastError: ""))
            }
            try await expect(.misplaced, of: "a", in: queue) { $0.line = ReadyTenants() }
            #expect(try await queue.readyTenants(now: now, limit: 9) == ["a"])

            let rest = try await fixture.lease(queue, "a")
            #expect(rest.map(\.number) == [1])
            _ = try await queue.requestCancel(job.id, now: now)
            try await expect(.inventedWork, of: "a", in: queue) { $0.setWork("a", true) }
            try await expect(.wrongCancel, of: nil, in: queue) { $0.setCancelling(held.batchKey, false) }
            try await expect(.wrongCancel, of: nil, in: queue) { $0.setCancelling(77, true) }
            #expect(try await queue.finish(rest.map { $0.finished() }, now: now).map(\.id) == [job.id])
        }
    }

    @Test("of two batches put off, one before and one after the clock was set back, neither is a fault")
    func clockSetBack() async throws {
        try await withSQLiteQueue { fixture, queue in
            try await fixture.accept(queue, "a", users: 30, size: 10)
            let turn = try await fixture.lease(queue, "a", 2)
            try await queue.retry(turn.at(0).lease, at: fixture.now.advanced(bySeconds: 100), error: "no", now: fixture.now)
            fixture.clock.advance(-3_600)
            // Longer than any backoff lasts from now: the first one is over.
            _ = try await queue.readyTenants(now: fixture.now, limit: 9)
            let until = fixture.now.advanced(bySeconds: 20)
            try await queue.retry(turn.at(1).lease, at: until, error: "no", now: fixture.now)
            for _ in 0..<3 { #expect(try await queue.reconcile(limit: 9) == []) }
            #expect(try await queue.nextRetry() == until)
            #expect(try await queue.readyTenants(now: fixture.now, limit: 9).isEmpty)
        }
    }

    @Test("a look goes on where the one before it ended, a bounded slice at a time")
    func slices() async throws {
        try await withSQLiteQueue { fixture, queue in
            let tenants = (0..<7).map { TenantID("t\($0)") }
            for tenant in tenants { try await fixture.accept(queue, tenant, users: 1) }
            queue.tenantQueue { state in for tenant in tenants { state.setWork(tenant, false) } }
            var found: [[TenantID?]] = []
            for _ in 0..<5 { found.append(try await queue.reconcile(limit: 2).map(\.tenantID)) }
            #expect(found == [[], ["t0", "t1"], ["t2", "t3"], ["t4", "t5"], ["t6"]].map { $0.map { Optional(TenantID($0)) } })
            #expect(try await queue.readyTenants(now: fixture.now, limit: 9).sorted() == tenants)
        }
    }

    @Test("a reservation that another one has followed is no fault")
    func claims() async throws {
        try await withSQLiteQueue { fixture, queue in
            try await fixture.accept(queue, "a", users: 1)
            queue.tenantQueue { tenants in #expect(tenants.claim("a", now: fixture.now, by: over) != nil) }
            for _ in 0..<4 {
                queue.tenantQueue { tenants in
                    tenants.unclaim("a")
                    #expect(tenants.claim("a", now: fixture.now, by: over) != nil)
                }
                #expect(try await queue.reconcile(limit: 9) == [])
            }
            queue.tenantQueue { $0.unclaim("a") }
        }
    }

    @Test("jobs that are held for no merge go on; those of a merge do not", arguments: [0, 99])
    func held(state: Int) async throws {
        try await withSQLiteQueue(isSound: false) { fixture, queue in
            guard case .begun(let merge) = try await queue.beginMerge(of: "a", into: "b", now: fixture.now) else {
                Issue.record("it is not begun")
                return
            }
            for tenantID in ["a", "b"] as [TenantID] { try await fixture.accept(queue, tenantID, users: 1) }
            #expect(try await queue.reconcile(limit: 9) == [])
            #expect(try await queue.readyTenants(now: fixture.now, limit: 9) == [])
            // As a damaged file says: ended, or in a state that is none.
            try await queue.writer.alone { db in
                try db.execute(
                    sql: "UPDATE tenant_merges SET state = ?1, ended_at = iif(?1, NULL, since) WHERE seq = ?2",
                    arguments: [state, merge.id])
            }
            await queue.close()
            let reborn = try await SQLiteJobQueue.open(path: queue.path, clock: fixture.clock.wallClock)
            let repairs = ["a", "b"].map { QueueRepair(kind: .forgottenHold, tenantID: TenantID($0)) }
            #expect(try await reborn.reconcile(limit: 9) == repairs)
            #expect(try await reborn.reconcile(limit: 9) == [])
            #expect(try await reborn.readyTenants(now: fixture.now, limit: 9) == ["a", "b"])
            if state == 99 { try await reborn.refuseMerge(merge.id, because: "damaged", now: fixture.now) }
            #expect(try await reborn.openMerges() == [])
            await reborn.close()
        }
    }
}
