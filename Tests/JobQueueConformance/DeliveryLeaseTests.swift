import JobQueue
import SyncModel
import TestSupport
import Testing

@Suite("Leases of webhook deliveries")
struct DeliveryLeaseTests {
    private func record(
        _ leased: LeasedDelivery, _ next: DeliveryAttempt.Next, _ queue: any JobQueue, _ fixture: QueueFixture
    ) async throws {
        try await queue.record(DeliveryAttempt(leased, at: fixture.now, status: nil, error: nil, next: next))
    }

    /// A queue with a delivery that is due.
    private func withDelivery(
        _ driver: QueueDriver, _ body: (QueueFixture, any JobQueue) async throws -> Void
    ) async throws {
        try await driver.withQueue { fixture, queue in
            try await queue.add(fixture.delivery("msg_1"), now: fixture.now)
            try await body(fixture, queue)
        }
    }

    @Test("a leased delivery is leased to nobody else, however many ask at once", arguments: QueueDriver.all)
    func once(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            for i in 0..<40 {
                try await queue.add(fixture.delivery("msg_\(i)", host: "host-\(i % 3)"), now: fixture.now)
                fixture.clock.advance(0.001)
            }
            let first = try await fixture.leaseDeliveries(queue, 4)
            #expect(first.map(\.delivery.what.id) == ["msg_0", "msg_1", "msg_2", "msg_3"])
            let other = try await queue.leaseDeliveries(
                DeliveryQuery(limit: 2, excluded: [["https://host-9"], ["https://host-1"]]), now: fixture.now, for: .seconds(60))
            #expect(other.map(\.delivery.what.id) == ["msg_5", "msg_6"])
            let rest = try await withThrowingTaskGroup(of: [LeasedDelivery].self) { group in
                for _ in 0..<8 { group.addTask { try await fixture.leaseDeliveries(queue, 7) } }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            let all = first + other + rest
            #expect(Set(all.map(\.delivery.what.id)).count == 40 && all.count == 40)
            #expect(Set(all.map(\.lease)).count == 40)
        }
    }

    @Test("an attempt counts under the present lease alone, not under one that was given back", arguments: QueueDriver.all)
    func presentLease(_ driver: QueueDriver) async throws {
        try await withDelivery(driver) { fixture, queue in
            let first = try #require(try await fixture.leaseDeliveries(queue).first)
            await queue.release([first])
            let second = try #require(try await fixture.leaseDeliveries(queue).first)
            #expect(first.lease != second.lease)
            await #expect(throws: QueueError.leaseLost) { try await record(first, .dead, queue, fixture) }
            #expect(try await queue.delivery("msg_1")?.attempts == 0)
            try await record(second, .delivered, queue, fixture)
            #expect(try await queue.delivery("msg_1")?.state == .delivered)
        }
    }

    @Test("of one destination no more than asked for are leased, the rest later", arguments: QueueDriver.all)
    func fewOfEach(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            for i in 0..<12 { try await queue.add(fixture.delivery("msg_\(i)", host: "host-\(i / 6)"), now: fixture.now) }
            func lease(_ limit: Int, _ each: Int) async throws -> [String] {
                let query = DeliveryQuery(limit: limit, perDestination: each)
                return try await queue.leaseDeliveries(query, now: fixture.now, for: .seconds(60)).map(\.delivery.what.id)
            }
            var few = DeliveryQuery(limit: 9, perDestination: 1)
            few.only = ["https://host-1", "https://host-2"]
            let leased = try await queue.leaseDeliveries(few, now: fixture.now, for: .seconds(60))
            #expect(leased.map(\.delivery.what.id) == ["msg_6"])
            await queue.release(leased)
            #expect(try await Set(lease(9, 2)) == ["msg_0", "msg_1", "msg_6", "msg_7"])
            #expect(try await Set(lease(3, 2)).count == 3)
            var rest: [String] = []
            for _ in 0..<3 { rest += try await lease(9, 2) }
            #expect(rest.count == 5 && Set(rest).count == 5)
            #expect(try await lease(9, 9).isEmpty)
        }
    }

    @Test("the body is read apart, whatever becomes of the delivery; an unknown one has none", arguments: QueueDriver.all)
    func body(_ driver: QueueDriver) async throws {
        try await withDelivery(driver) { fixture, queue in
            let body = fixture.delivery("msg_1").body
            #expect(try await queue.body(of: "msg_1") == body)
            let leased = try await fixture.leaseDeliveries(queue).at(0)
            #expect(try await queue.body(of: "msg_1") == body)
            try await record(leased, .dead, queue, fixture)
            #expect(try await queue.body(of: "msg_1") == body)
            #expect(try await queue.body(of: "msg_2") == nil)
        }
    }

    @Test("what is given back is due as before, and nothing is given back twice", arguments: QueueDriver.all)
    func release(_ driver: QueueDriver) async throws {
        try await withDelivery(driver) { fixture, queue in
            let before = try await queue.delivery("msg_1")
            let first = try await fixture.leaseDeliveries(queue)
            await queue.release(first)
            #expect(try await queue.delivery("msg_1") == before)
            let second = try await fixture.leaseDeliveries(queue)
            #expect(second.map(\.delivery) == [before])
            await queue.release(first)
            #expect(try await fixture.leaseDeliveries(queue).isEmpty, "the second lease is held")
            await #expect(throws: QueueError.leaseLost) {
                try await record(first.at(0), .delivered, queue, fixture)
            }
            try await record(second.at(0), .delivered, queue, fixture)
            await queue.release(second)
            #expect(try await fixture.leaseDeliveries(queue).isEmpty)
        }
    }

    @Test("an attempt counts once, though its record is repeated", arguments: QueueDriver.all)
    func repeated(_ driver: QueueDriver) async throws {
        try await withDelivery(driver) { fixture, queue in
            let leased = try await fixture.leaseDeliveries(queue).at(0)
            let later = fixture.now.advanced(bySeconds: 5)
            try await record(leased, .retry(at: later), queue, fixture)
            for next in [DeliveryAttempt.Next.retry(at: later), .delivered, .dead] {
                await #expect(throws: QueueError.leaseLost) { try await record(leased, next, queue, fixture) }
            }
            let delivery = try #require(try await queue.delivery("msg_1"))
            #expect(delivery.attempts == 1 && delivery.state == .pending && delivery.nextAttemptAt == later)
            #expect(try await queue.nextDelivery(after: fixture.now) == later)
        }
    }

    @Test("a lease that ran out is lost once somebody else has the delivery, and not before", arguments: QueueDriver.all)
    func runsOut(_ driver: QueueDriver) async throws {
        try await withDelivery(driver) { fixture, queue in
            let first = try await fixture.leaseDeliveries(queue, for: 60).at(0)
            #expect(try await queue.nextDelivery(after: fixture.now) == first.expiresAt)
            fixture.clock.advance(59)
            #expect(try await fixture.leaseDeliveries(queue).isEmpty)
            fixture.clock.advance(1)
            #expect(try await queue.nextDelivery(after: fixture.now) == nil)
            guard first.expiresAt != nil else {
                #expect(try await fixture.leaseDeliveries(queue).isEmpty, "it ends with the process")
                return try await record(first, .delivered, queue, fixture)
            }
            let second = try await fixture.leaseDeliveries(queue).at(0)
            for next in [DeliveryAttempt.Next.delivered, .dead, .retry(at: fixture.now)] {
                await #expect(throws: QueueError.leaseLost) { try await record(first, next, queue, fixture) }
            }
            await queue.release([first])
            #expect(try await fixture.leaseDeliveries(queue).isEmpty, "the second lease is held")
            fixture.clock.advance(100)
            try await record(second, .retry(at: fixture.now), queue, fixture)
            #expect(try await queue.delivery("msg_1")?.attempts == 1)
        }
    }

    @Test(
        "a redelivery ends the lease: the webhook can be sent at once, and the attempt before does not count",
        arguments: QueueDriver.all)
    func redelivered(_ driver: QueueDriver) async throws {
        try await withDelivery(driver) { fixture, queue in
            let first = try await fixture.leaseDeliveries(queue).at(0)
            _ = fixture.events.take()
            #expect(try await queue.redeliver("msg_1", now: fixture.now))
            let events = fixture.events.take()
            #expect(events.deliveriesDue == 1 && events.leasesEnded == [first.lease])
            await #expect(throws: QueueError.leaseLost) { try await record(first, .delivered, queue, fixture) }
            let second = try await fixture.leaseDeliveries(queue).at(0)
            #expect(second.delivery.attempts == 0)
            await #expect(throws: QueueError.leaseLost) { try await record(first, .delivered, queue, fixture) }
            try await record(second, .delivered, queue, fixture)
            #expect(try await queue.delivery("msg_1")?.attempts == 1)
        }
    }

    @Test("the leases of a process that is killed end with it, or run out", arguments: QueueDriver.all)
    func killed(_ driver: QueueDriver) async throws {
        try await withDelivery(driver) { fixture, queue in
            let first = try await fixture.leaseDeliveries(queue, for: 60).at(0)
            let next = try await driver.killed(fixture)
            if let end = first.expiresAt {
                #expect(try await fixture.leaseDeliveries(next).isEmpty)
                #expect(try await next.nextDelivery(after: fixture.now) == end)
                fixture.clock.advance(60)
            }
            #expect(try await fixture.leaseDeliveries(next).map(\.delivery) == [first.delivery])
            await next.close()
        }
    }

    @Test("one that is wanted can be leased past all others, if it is due and nobody holds it", arguments: QueueDriver.all)
    func wanted(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            for n in 1...3 { try await queue.add(fixture.delivery("msg_\(n)"), now: fixture.now) }
            #expect(fixture.events.take().deliveriesWanted == ["msg_1", "msg_2", "msg_3"])
            func lease(_ id: String) async throws -> LeasedDelivery? {
                try await queue.leaseDelivery(id, now: fixture.now, for: .seconds(60))
            }
            let first = try #require(try await lease("msg_2"))
            #expect(try await queue.delivery("msg_2") == first.delivery)
            for id in ["msg_2", "msg_4"] { #expect(try await lease(id) == nil, "\(id)") }
            #expect(try await fixture.leaseDeliveries(queue).map(\.delivery.what.id) == ["msg_1", "msg_3"])
            #expect(try await lease("msg_3") == nil)
            #expect(try await queue.redeliver("msg_2", now: fixture.now))
            #expect(fixture.events.take().deliveriesWanted == ["msg_2"])
            let second = try #require(try await lease("msg_2"))
            await #expect(throws: QueueError.leaseLost) { try await record(first, .delivered, queue, fixture) }
            try await record(second, .retry(at: fixture.now.advanced(bySeconds: 5)), queue, fixture)
            #expect(try await lease("msg_2") == nil)
            fixture.clock.advance(5)
            try await record(try #require(try await lease("msg_2")), .delivered, queue, fixture)
            #expect(try await lease("msg_2") == nil)
        }
    }
}
