import Foundation
import GRDB
import JobQueue
import JobQueueConformance
import SyncModel
import TestSupport
import Testing

@testable import JobQueueSQLite

@Suite("A delivery with a text that is no UTF-8 any more")
struct DamagedDeliveriesTests {
    private static var inOrder: QueueLimits {
        var limits = QueueLimits()
        limits.webhookOrder = .tenant
        return limits
    }

    private func damage(_ column: String, of id: String, in queue: SQLiteJobQueue, as bytes: String = "ff") async throws {
        try await queue.writer.alone { db in
            try db.execute(sql: "UPDATE deliveries SET \(column) = CAST(x'\(bytes)' AS TEXT) WHERE id = '\(id)'")
        }
    }

    private func states(_ queue: SQLiteJobQueue) async throws -> [DeliveryState] {
        try await queue.deliveries(DeliveryFilter(), limit: 99, cursor: nil).items.map(\.state)
    }

    @Test("expires once, and its tenant's next one is due")
    func expires() async throws {
        try await withSQLiteQueue(limits: Self.inOrder) { fixture, queue in
            try await queue.add(fixture.delivery("a1", of: "a"), now: fixture.now)
            fixture.clock.advance(9)
            try await queue.add(fixture.delivery("a2", of: "a"), now: fixture.now)
            try await damage("id", of: "a1", in: queue)
            fixture.clock.advance(3 * 86_400 - 1)
            #expect(try await queue.expireDeliveries(now: fixture.now, limit: 9).deliveries.count == 1)
            #expect(try await queue.expireDeliveries(now: fixture.now, limit: 9).deliveries.isEmpty)
            #expect(try await states(queue) == [.pending, .dead])
            let statistics = try await queue.statistics(now: fixture.now)
            #expect(statistics.deliveriesPending == 1 && statistics.deliveriesDead == 1)
            #expect(try await fixture.leaseDeliveries(queue).map(\.delivery.what.id) == ["a2"])
        }
    }

    @Test("has its attempts recorded, and its tenant's next one is due")
    func recorded() async throws {
        try await withSQLiteQueue(limits: Self.inOrder) { fixture, queue in
            for n in 1...2 { try await queue.add(fixture.delivery("a\(n)", of: "a"), now: fixture.now) }
            try await damage("id", of: "a1", in: queue)
            let first = try await fixture.leaseDeliveries(queue).at(0)
            let later = fixture.now.advanced(bySeconds: 5)
            try await queue.record(DeliveryAttempt(first, at: fixture.now, status: 500, error: "no", next: .retry(at: later)))
            #expect(try await fixture.leaseDeliveries(queue).isEmpty)
            fixture.clock.advance(5)
            let again = try await fixture.leaseDeliveries(queue).at(0)
            #expect(again.delivery.attempts == 1)
            try await queue.record(DeliveryAttempt(again, at: fixture.now, status: 200, error: nil, next: .delivered))
            #expect(try await states(queue) == [.pending, .delivered])
            #expect(try await fixture.leaseDeliveries(queue).map(\.delivery.what.id) == ["a2"])
            #expect(fixture.events.takeImpossible().isEmpty)
        }
    }

    @Test("is sent again with all that are dead")
    func redelivered() async throws {
        try await withSQLiteQueue { fixture, queue in
            try await queue.add(fixture.delivery("a1", of: "a"), now: fixture.now)
            try await fixture.attempt(queue, "a1", .dead)
            try await damage("id", of: "a1", in: queue)
            let step = try await queue.redeliverDead(ofJob: nil, ofTenant: nil, limit: 9, cursor: nil, now: fixture.now)
            #expect(step.count == 1)
            #expect(try await states(queue) == [.pending])
            #expect(try await fixture.leaseDeliveries(queue).count == 1)
        }
    }

    @Test("waits while another is leased whose id reads the same")
    func sameText() async throws {
        try await withSQLiteQueue { fixture, queue in
            for n in 1...2 { try await queue.add(fixture.delivery("a\(n)"), now: fixture.now) }
            try await damage("id", of: "a1", in: queue)
            try await damage("id", of: "a2", in: queue, as: "fe")
            for _ in 1...2 {
                let leased = try await fixture.leaseDeliveries(queue)
                #expect(leased.count == 1)
                for one in leased {
                    try await queue.record(DeliveryAttempt(one, at: fixture.now, status: 200, error: nil, next: .delivered))
                }
            }
            #expect(try await states(queue) == [.delivered, .delivered])
        }
    }

    @Test("hides no other destination at the start")
    func destination() async throws {
        try await withSQLiteQueue { fixture, queue in
            for n in 1...3 { try await queue.add(fixture.delivery("a\(n)"), now: fixture.now) }
            // Both before the sound one.
            try await damage("destination", of: "a1", in: queue, as: "61ff")
            try await damage("destination", of: "a2", in: queue, as: "61fe62")
            let reborn = try #require(try await QueueDriver.sqlite.killed(fixture) as? SQLiteJobQueue)
            #expect(try await fixture.leaseDeliveries(reborn).map(\.delivery.what.id) == ["a3"])
            await reborn.close()
        }
    }

    @Test(
        "has a number after which there is none: the next start gives it another, and new ones find theirs",
        arguments: [false, true])
    func number(isGone: Bool) async throws {
        try await withSQLiteQueue { fixture, queue in
            for id in ["one", "two"] { try await queue.add(fixture.delivery(id), now: fixture.now) }
            try await queue.writer.alone { db in
                for table in ["deliveries", "delivery_bodies"] {
                    try db.execute(sql: "UPDATE \(table) SET seq = 9223372036854775807 WHERE seq = 1")
                }
                // The largest number that was ever given is remembered.
                if isGone {
                    try db.execute(sql: "UPDATE sqlite_sequence SET seq = 9223372036854775807 WHERE name = 'deliveries'")
                }
            }
            await #expect(throws: QueueError.self) { try await queue.add(fixture.delivery("three"), now: fixture.now) }
            let reborn = try #require(try await QueueDriver.sqlite.killed(fixture) as? SQLiteJobQueue)
            try await reborn.add(fixture.delivery("four"), now: fixture.now)
            #expect(try await Set(fixture.leaseDeliveries(reborn).map(\.delivery.what.id)) == ["one", "two", "four"])
            for id in ["one", "two", "four"] { #expect(try await reborn.body(of: id) != nil) }
            #expect(try await reborn.audit() == [])
            await reborn.close()
        }
    }

    @Test("has a body that is told to be damaged, where the file can be read otherwise")
    func body() async throws {
        try await withSQLiteQueue(isSound: false) { fixture, queue in
            var large = fixture.delivery("large")
            large.body = Array(repeating: UInt8(ascii: "Z"), count: 40_000)
            for delivery in [large, fixture.delivery("small")] { try await queue.add(delivery, now: fixture.now) }
            await queue.close()
            try Self.tear(pagesOf: UInt8(ascii: "Z"), in: queue.path)
            let torn = try await SQLiteJobQueue.open(path: queue.path, clock: fixture.clock.wallClock)
            func failure(_ id: String) async -> String {
                do { _ = try await torn.body(of: id) } catch { return "\(error)" }
                return "none"
            }
            let damaged = await failure("large")
            #expect(damaged.hasPrefix("The body is damaged: "))
            #expect(await failure("small") == "none")
            await torn.close()
            #expect(await !["none", damaged].contains(failure("large")), "nothing of it can be read")
        }
    }

    /// Leads the chain of pages that are full of a byte nowhere.
    static func tear(pagesOf byte: UInt8, in path: String) throws {
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        for page in stride(from: 0, to: bytes.count, by: 4096) where bytes[page + 4..<page + 4096].allSatisfy({ $0 == byte }) {
            bytes.replaceSubrange(page..<page + 4, with: [0x7F, 0xFF, 0xFF, 0xFF])
        }
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        try file.write(contentsOf: bytes)
        try file.close()
    }
}
