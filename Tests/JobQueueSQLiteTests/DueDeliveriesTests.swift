import GRDB
import JobQueue
import JobQueueConformance
import SQLiteSupport
import SyncModel
import Synchronization
import TestSupport
import Testing

@testable import JobQueueSQLite

@Suite("Finding the deliveries that are due")
struct DueDeliveriesTests {
    @Test("a delivery added, put off or redelivered while due deliveries are read is found by the next query")
    func addedWhileRead() async throws {
        try await QueueDriver.sqlite.withQueue { fixture, queue in
            for i in 0..<3 { try await queue.add(fixture.delivery("msg_\(i)", host: "host-\(i)"), now: fixture.now) }
            let leased = try await fixture.leaseDeliveries(queue)
            for i in 0..<3 { try await queue.add(fixture.delivery("due_\(i)", host: "host-\(i)"), now: fixture.now) }
            let queue = try #require(queue as? SQLiteJobQueue)
            let held = queue.deliveryLeases.withLock { leases in
                leases.startReading()
                return leases
            }
            let (due, rows) = try queue.due(DeliveryQuery(limit: 9), at: fixture.now, beside: held)
            #expect(rows.count == 3)
            try await queue.add(fixture.delivery("msg_3", host: "host-0"), now: fixture.now)
            for (one, next) in zip(leased.dropFirst(), [.putOff, .retry(at: fixture.now)] as [DeliveryAttempt.Next]) {
                try await queue.record(DeliveryAttempt(one, at: fixture.now, status: 429, error: nil, next: next))
            }
            queue.deliveryLeases.withLock { leases in
                #expect(leases.take(rows, of: due).count == 3)
                leases.stopReading()
            }
            #expect(try await Set(fixture.leaseDeliveries(queue).map(\.delivery.what.id)) == ["msg_1", "msg_2", "msg_3"])
            #expect(try await queue.redeliver("msg_0", now: fixture.now))
            #expect(try await fixture.leaseDeliveries(queue).map(\.delivery.what.id) == ["msg_0"])
        }
    }

    @Test("deliveries that are given back are found again, and those of an earlier process")
    func foundAgain() async throws {
        try await QueueDriver.sqlite.withQueue { fixture, queue in
            for i in 0..<3 { try await queue.add(fixture.delivery("msg_\(i)", host: "host-\(i)"), now: fixture.now) }
            let leased = try await fixture.leaseDeliveries(queue)
            #expect(try await fixture.leaseDeliveries(queue).isEmpty)
            await queue.release(leased)
            #expect(try await fixture.leaseDeliveries(queue).count == 3)
            let next = try await QueueDriver.sqlite.killed(fixture)
            #expect(try await fixture.leaseDeliveries(next).count == 3)
            await next.close()
        }
    }

    @Test("a query costs the same however many destinations are left out of it, and reads no more rows than it leases")
    func flat() async throws {
        try await QueueDriver.sqlite.withQueue { fixture, queue in
            let queue = try #require(queue as? SQLiteJobQueue)
            var silent: Set<String> = []
            try await withThrowingDiscardingTaskGroup { group in
                for i in 0..<300 {
                    silent.insert("https://host-\(i)")
                    for n in 0..<2 {
                        let delivery = fixture.delivery("msg_\(i)_\(n)", host: "host-\(i)")
                        group.addTask { try await queue.add(delivery, now: fixture.now) }
                    }
                }
            }
            try await queue.add(fixture.delivery("good", host: "good"), now: fixture.now)
            let statements = Mutex(0)
            func lease(_ query: DeliveryQuery) async throws -> (found: [String], statements: Int) {
                try queue.readNow { db in db.trace(options: .statement) { _ in statements.withLock { $0 += 1 } } }
                statements.withLock { $0 = 0 }
                let found = try await queue.leaseDeliveries(query, now: fixture.now, for: .seconds(60))
                try queue.readNow { db in db.trace(options: []) }
                return (found.map(\.delivery.what.id), statements.withLock { $0 })
            }
            // After a start each is looked at once.
            await queue.release(try await fixture.leaseDeliveries(queue))
            let one = try await lease(DeliveryQuery(limit: 64, excluded: [silent]))
            #expect(one.found == ["good"] && one.statements <= 6, "\(one.statements)")
            let none = try await lease(DeliveryQuery(limit: 64, excluded: [silent]))
            #expect(none.found == [] && none.statements <= 4, "\(none.statements)")
            let page = try await lease(DeliveryQuery(limit: 16, perDestination: 1))
            #expect(page.found.count == 16 && page.statements <= 2 * 17 + 17 + 4, "\(page.statements)")
        }
    }
}
