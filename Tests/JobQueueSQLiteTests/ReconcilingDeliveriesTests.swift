import GRDB
import JobQueue
import JobQueueConformance
import SyncModel
import Synchronization
import TestSupport
import Testing

@testable import JobQueueSQLite

@Suite("The net under leases of deliveries")
struct ReconcilingDeliveriesTests {
    private static let host = "https://wrapper.example"

    private func limits(_ order: WebhookOrder) -> QueueLimits {
        var limits = QueueLimits()
        limits.webhookOrder = order
        return limits
    }

    /// What can be leased; it is given back.
    private func due(_ queue: SQLiteJobQueue, _ fixture: QueueFixture) async throws -> [String] {
        let leased = try await fixture.leaseDeliveries(queue)
        await queue.release(leased)
        return leased.map(\.delivery.what.id).sorted()
    }

    /// Expects that the first look says nothing, the second one puts it right, and the third one finds nothing.
    private func expect(
        _ repairs: [QueueRepair], in queue: SQLiteJobQueue, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        #expect(try await queue.reconcile(limit: 40) == [], "it may be gone by the next look", sourceLocation: sourceLocation)
        #expect(try await queue.reconcile(limit: 40) == repairs, sourceLocation: sourceLocation)
        #expect(try await queue.reconcile(limit: 40) == [], sourceLocation: sourceLocation)
    }

    @Test(
        "a tenant's earliest pending delivery that is not due is made due; the later ones go on waiting",
        arguments: [true, false])
    func undue(inOrder: Bool) async throws {
        try await withSQLiteQueue(limits: limits(inOrder ? .tenant : .any)) { fixture, queue in
            for id in ["a1", "b1", "a2"] {
                try await queue.add(fixture.delivery(id, of: TenantID(String(id.prefix(1)))), now: fixture.now)
            }
            for _ in 0..<3 { #expect(try await queue.reconcile(limit: 40) == []) }
            try await queue.writer.alone { db in try db.execute(sql: "UPDATE deliveries SET due_at = NULL WHERE id LIKE 'a%'") }
            #expect(try await due(queue, fixture) == ["b1"])
            _ = fixture.events.take()
            let repair = QueueRepair(kind: .undueDelivery, tenantID: "a", destination: Self.host)
            try await expect(inOrder ? [repair] : [repair, repair], in: queue)
            #expect(fixture.events.take().deliveriesDue > 0)
            #expect(try await due(queue, fixture) == (inOrder ? ["a1", "b1"] : ["a1", "a2", "b1"]))
        }
    }

    @Test("a destination that memory forgot, or would look at too late, is looked at", arguments: [nil, 60.0] as [Double?])
    func forgotten(until seconds: Double?) async throws {
        try await withSQLiteQueue { fixture, queue in
            for n in 1...2 { try await queue.add(fixture.delivery("msg_\(n)"), now: fixture.now) }
            let first = try await fixture.leaseDeliveries(queue, 1)
            for _ in 0..<3 { #expect(try await queue.reconcile(limit: 40) == []) }
            let late = seconds.map { fixture.now.advanced(bySeconds: $0) }
            queue.deliveryLeases.withLock { $0.destinations.read(Self.host, late) }
            #expect(try await fixture.leaseDeliveries(queue).isEmpty)
            _ = fixture.events.take()
            try await expect([QueueRepair(kind: .forgottenDestination, tenantID: nil, destination: Self.host)], in: queue)
            #expect(fixture.events.take().deliveriesDue == 1)
            #expect(try await fixture.leaseDeliveries(queue).map(\.delivery.what.id) == ["msg_2"])
            // What is held is known when it is given back.
            queue.deliveryLeases.withLock { $0.destinations.read(Self.host, nil) }
            for _ in 0..<3 { #expect(try await queue.reconcile(limit: 40) == []) }
            await queue.release(first)
            #expect(try await due(queue, fixture) == ["msg_1"])
        }
    }

    @Test("a look goes on where the one before it ended, a bounded slice at a time")
    func slices() async throws {
        try await withSQLiteQueue { fixture, queue in
            let hosts = (0..<5).map { "host-\($0)" }
            for host in hosts { try await queue.add(fixture.delivery(host, host: host), now: fixture.now) }
            #expect(try await due(queue, fixture) == hosts)
            queue.deliveryLeases.withLock { leases in for host in hosts { leases.destinations.read("https://\(host)", nil) } }
            try await queue.writer.alone { db in try db.execute(sql: "UPDATE deliveries SET due_at = NULL WHERE id > 'host-2'") }
            var found: [[String]] = []
            // Two of each at a time.
            for _ in 0..<6 { found.append(try await queue.reconcile(limit: 8).compactMap(\.destination)) }
            let all: [String] = found.flatMap { $0 }.sorted()
            #expect(all == hosts.map { "https://\($0)" })
            let most = found.map(\.count).max() ?? 0
            #expect(found[0].isEmpty && most <= 4)
            #expect(try await due(queue, fixture) == hosts)
        }
    }
}
