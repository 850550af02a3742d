import GRDB
import JobQueue
import JobQueueConformance
import SyncModel
import Synchronization
import TestSupport
import Testing

@testable import JobQueueSQLite

@Suite("Pending deliveries at a start with another setting or clock")
struct SettlingTests {
    /// A file that is opened again and again, as by one process after the other.
    private final class File: Sendable {
        let place: TemporaryDirectory
        let fixture = QueueFixture(limits: QueueLimits())
        let warnings = Mutex<[String]>([])

        init() throws { place = try TemporaryDirectory() }

        func open(_ order: WebhookOrder) async throws -> SQLiteJobQueue {
            var limits = QueueLimits()
            limits.webhookOrder = order
            return try await SQLiteJobQueue.open(
                path: place.path + "/q.sqlite", limits: limits, clock: fixture.clock.wallClock,
                warn: { [self] warning in warnings.withLock { $0.append(warning) } })
        }

        func due(_ queue: SQLiteJobQueue) async throws -> [String] {
            let leased = try await fixture.leaseDeliveries(queue)
            await queue.release(leased)
            return leased.map(\.delivery.what.id).sorted()
        }
    }

    /// As a full disk does.
    private static func refuse(_ change: String) -> String {
        "CREATE TRIGGER refused BEFORE UPDATE OF \(change) BEGIN SELECT RAISE(ABORT, 'full'); END"
    }

    @Test(
        "if the order cannot be written the queue starts all the same and says so; maintenance does it later",
        arguments: ["webhook_order ON counters", "due_at ON deliveries"])
    func orderLater(refused: String) async throws {
        let file = try File()
        var queue = try await file.open(.any)
        for n in 1...3 { try await queue.add(file.fixture.delivery("a\(n)", of: "a"), now: file.fixture.now) }
        for order in [WebhookOrder.tenant, .any] {
            let (before, after) = order == .tenant ? (["a1", "a2", "a3"], ["a1"]) : (["a1"], ["a1", "a2", "a3"])
            try await queue.writer.alone { db in try db.execute(sql: Self.refuse(refused)) }
            await queue.close()
            file.warnings.withLock { $0 = [] }
            queue = try await file.open(order)
            #expect(file.warnings.withLock { $0.count(where: { $0.contains("WEBHOOK_ORDER") }) } == 1)
            #expect(try await file.due(queue) == before)
            _ = await queue.makeRoom()
            #expect(try await file.due(queue) == before)
            try await queue.writer.alone { db in try db.execute(sql: "DROP TRIGGER refused") }
            _ = await queue.makeRoom()
            #expect(try await file.due(queue) == after)
        }
        await queue.close()
    }

    @Test("what is added before the order is written is put in order by the next start, whichever setting it has")
    func addedBefore() async throws {
        let file = try File()
        for (before, other) in [(WebhookOrder.any, WebhookOrder.tenant), (.tenant, .any)] {
            var queue = try await file.open(before)
            try await queue.add(file.fixture.delivery("before-\(other)", of: "a"), now: file.fixture.now)
            // The next start cannot write; a later write can.
            try await queue.writer.alone { db in try db.execute(sql: Self.refuse("webhook_order ON counters")) }
            await queue.close()
            queue = try await file.open(other)
            try await queue.writer.alone { db in try db.execute(sql: "DROP TRIGGER refused") }
            try await queue.add(file.fixture.delivery("\(other)", of: "a"), now: file.fixture.now)
            await queue.close()
            queue = try await file.open(before)
            #expect(try await file.due(queue).count == (before == .any ? 2 : 1))
            await queue.close()
        }
    }

    @Test("one that was put off by a clock that was ahead is due now; one that waits for its time goes on waiting")
    func clockWasAhead() async throws {
        let file = try File()
        let fixture = file.fixture
        var queue = try await file.open(.tenant)
        for id in ["ahead", "waits"] { try await queue.add(fixture.delivery(id, of: TenantID(id)), now: fixture.now) }
        try await queue.add(fixture.delivery("next", of: "ahead"), now: fixture.now)
        let longest = fixture.now.advanced(bySeconds: 86_400 * 1.2)
        try await fixture.attempt(queue, "ahead", .retry(at: fixture.now.advanced(bySeconds: 365 * 86_400)))
        try await fixture.attempt(queue, "waits", .retry(at: longest))
        await queue.close()
        queue = try await file.open(.tenant)
        #expect(try await file.due(queue) == ["ahead"])
        #expect(try await queue.delivery("ahead")?.nextAttemptAt == fixture.now)
        #expect(try await queue.nextDelivery(after: fixture.now) == longest)
        await queue.close()
    }

    @Test("what has become due late is found at a destination to which nothing was due before")
    func foundLate() async throws {
        let file = try File()
        var queue = try await file.open(.tenant)
        for n in 1...2 {
            var delivery = file.fixture.delivery("a\(n)", of: "a")
            delivery.head.url = "https://host-\(n).example/"
            try await queue.add(delivery, now: file.fixture.now)
        }
        try await queue.writer.alone { db in try db.execute(sql: Self.refuse("due_at ON deliveries")) }
        await queue.close()
        queue = try await file.open(.any)
        #expect(try await file.due(queue) == ["a1"])
        try await queue.writer.alone { db in try db.execute(sql: "DROP TRIGGER refused") }
        _ = await queue.makeRoom()
        #expect(try await file.due(queue) == ["a1", "a2"])
        await queue.close()
    }
}
