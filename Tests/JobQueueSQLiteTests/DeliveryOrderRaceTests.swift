import GRDB
import JobQueue
import JobQueueConformance
import SQLiteSupport
import SyncModel
import TestSupport
import Testing

@testable import JobQueueSQLite

@Suite("Webhooks of a tenant in order, in the queue's file")
struct DeliveryOrderRaceTests {
    private static var limits: QueueLimits {
        var limits = QueueLimits()
        limits.webhookOrder = .tenant
        return limits
    }

    private func due(_ queue: any JobQueue, _ fixture: QueueFixture) async throws -> [String] {
        let leased = try await fixture.leaseDeliveries(queue)
        await queue.release(leased)
        return leased.map(\.delivery.what.id).sorted()
    }

    /// By tenant, how many of its pending deliveries have a due time, and whether that is the earliest.
    private func expectOrder(_ queue: SQLiteJobQueue) async throws {
        let wrong = try await queue.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT d.id FROM deliveries d WHERE d.state = 0 AND d.tenant_id IS NOT NULL AND (d.due_at IS NOT NULL) <>
                        (d.seq = (SELECT min(e.seq) FROM deliveries e WHERE e.state = 0 AND e.tenant_id = d.tenant_id))
                    """
            ).map { $0["id"] as String }
        }
        #expect(wrong == [])
    }

    @Test("of two that are added in one commit the second waits; when it is rolled back, so is that", arguments: [false, true])
    func oneCommit(isRunTwice: Bool) async throws {
        try await QueueDriver.sqlite.withQueue(limits: Self.limits) { fixture, queue in
            let queue = try #require(queue as? SQLiteJobQueue)
            let add: @Sendable (String) -> (@Sendable () async throws -> Void) = { id in
                { try await queue.add(fixture.delivery(id, of: "a"), now: fixture.now) }
            }
            let refused: @Sendable () async throws -> Void = {
                await #expect(throws: QueueError.self) {
                    try await queue.writer.write { _ in throw QueueError.refused("no") }
                }
            }
            try await queue.inOneCommit([add("a1"), add("a2")] + (isRunTwice ? [refused] : []))
            #expect(try await due(queue, fixture) == ["a1"])
            try await expectOrder(queue)
        }
    }

    @Test("the end of one and the redelivery of an older one in one commit leave the older one due")
    func endAndRedelivery() async throws {
        try await QueueDriver.sqlite.withQueue(limits: Self.limits) { fixture, queue in
            let queue = try #require(queue as? SQLiteJobQueue)
            for n in 1...3 { try await queue.add(fixture.delivery("a\(n)", of: "a"), now: fixture.now) }
            try await fixture.attempt(queue, "a1", .dead)
            let second = try await fixture.leaseDeliveries(queue).at(0)
            try await queue.inOneCommit([
                { _ = try await queue.redeliver("a1", now: fixture.now) },
                {
                    try await queue.record(
                        DeliveryAttempt(second, at: fixture.now, status: 200, error: nil, next: .delivered))
                },
            ])
            #expect(try await due(queue, fixture) == ["a1"])
            try await expectOrder(queue)
        }
    }

    @Test("a file that was used with the other setting is put in order at the start, or freed, many rows and the interrupted too")
    func otherSetting() async throws {
        let place = try TemporaryDirectory()
        let path = place.path + "/q.sqlite"
        let fixture = QueueFixture(limits: QueueLimits())
        func open(_ order: WebhookOrder) async throws -> SQLiteJobQueue {
            var limits = QueueLimits()
            limits.webhookOrder = order
            return try await SQLiteJobQueue.open(path: path, limits: limits, clock: fixture.clock.wallClock)
        }
        var queue = try await open(.any)
        try await withThrowingDiscardingTaskGroup { [queue] group in
            for n in 0..<1200 {
                group.addTask { try await queue.add(fixture.delivery("\(n)", of: TenantID("t\(n % 3)")), now: fixture.now) }
            }
        }
        #expect(try await due(queue, fixture).count == 1000)
        for order in [WebhookOrder.tenant, .tenant, .any, .tenant] {
            await queue.close()
            queue = try await open(order)
            #expect(try await due(queue, fixture).count == (order == .tenant ? 3 : 1000))
            if order == .tenant { try await expectOrder(queue) }
        }
        // As a start does that is interrupted.
        try await queue.writer.alone { db in
            try db.execute(sql: "UPDATE counters SET webhook_order = 2; UPDATE deliveries SET due_at = NULL WHERE seq < 600")
        }
        await queue.close()
        queue = try await open(.any)
        #expect(
            try await queue.read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM deliveries WHERE due_at IS NULL") } == 0)
        await queue.close()
    }
}
