import JobQueue
import SyncModel
import TestSupport
import Testing

@Suite("Webhooks of a tenant in order")
struct DeliveryOrderTests {
    private func withQueue(_ driver: QueueDriver, _ body: (QueueFixture, any JobQueue) async throws -> Void) async throws {
        var limits = QueueLimits()
        limits.webhookOrder = .tenant
        try await driver.withQueue(limits: limits, body)
    }

    /// What can be leased; it is given back.
    private func due(_ queue: any JobQueue, _ fixture: QueueFixture) async throws -> [String] {
        let leased = try await fixture.leaseDeliveries(queue)
        await queue.release(leased)
        return leased.map(\.delivery.what.id).sorted()
    }

    @Test("a later one waits until the earlier one is delivered or dead, whatever happens to that", arguments: QueueDriver.all)
    func waits(_ driver: QueueDriver) async throws {
        try await withQueue(driver) { fixture, queue in
            for id in ["a1", "b1", "a2", "a3"] {
                try await queue.add(fixture.delivery(id, of: id.hasPrefix("a") ? "a" : "b"), now: fixture.now)
                fixture.clock.advance(1)
            }
            #expect(try await due(queue, fixture) == ["a1", "b1"])
            let waiting = try #require(try await queue.delivery("a2"))
            #expect(waiting.nextAttemptAt == nil && waiting.state == .pending)
            #expect(try await queue.statistics(now: fixture.now).deliveriesPending == 4)
            let later = fixture.now.advanced(bySeconds: 5)
            try await fixture.attempt(queue, "a1", .retry(at: later))
            #expect(try await due(queue, fixture) == ["b1"])
            #expect(try await queue.nextDelivery(after: fixture.now) == later)
            fixture.clock.advance(5)
            try await fixture.attempt(queue, "a1", .putOff)
            #expect(try await due(queue, fixture) == ["a1", "b1"])
            _ = fixture.events.take()
            try await fixture.attempt(queue, "a1", .delivered)
            #expect(fixture.events.take().deliveriesDue > 0)
            #expect(try await due(queue, fixture) == ["a2", "b1"])
            try await fixture.attempt(queue, "a2", .dead)
            #expect(try await due(queue, fixture) == ["a3", "b1"])
            try await fixture.attempt(queue, "a3", .delivered)
            try await queue.add(fixture.delivery("a4", of: "a"), now: fixture.now)
            #expect(try await due(queue, fixture) == ["a4", "b1"])
        }
    }

    @Test("one that is redelivered goes before the later ones that are pending", arguments: QueueDriver.all)
    func redelivered(_ driver: QueueDriver) async throws {
        try await withQueue(driver) { fixture, queue in
            for n in 1...4 { try await queue.add(fixture.delivery("a\(n)", of: "a"), now: fixture.now) }
            try await fixture.attempt(queue, "a1", .dead)
            try await fixture.attempt(queue, "a2", .delivered)
            // Its attempt is under way, and may end.
            let third = try await fixture.leaseDeliveries(queue).at(0)
            #expect(try await queue.redeliver("a2", now: fixture.now))
            #expect(try await due(queue, fixture) == ["a2"])
            let retry = fixture.now.advanced(bySeconds: 5)
            try await queue.record(DeliveryAttempt(third, at: fixture.now, status: 500, error: "no", next: .retry(at: retry)))
            fixture.clock.advance(9)
            #expect(try await due(queue, fixture) == ["a2"])
            let step = try await queue.redeliverDead(ofJob: nil, ofTenant: nil, limit: 9, cursor: nil, now: fixture.now)
            #expect(step.count == 1)
            var sent: [String] = []
            while let first = try await fixture.leaseDeliveries(queue).first {
                sent.append(first.delivery.what.id)
                try await queue.record(DeliveryAttempt(first, at: fixture.now, status: 200, error: nil, next: .delivered))
            }
            #expect(sent == ["a1", "a2", "a3", "a4"])
            #expect(try await queue.delivery("a3")?.attempts == 2)
        }
    }

    @Test(
        "a later one that is leased may end before one that is redelivered; given back, it waits like the others",
        arguments: QueueDriver.all)
    func leasedBefore(_ driver: QueueDriver) async throws {
        for isGivenBack in [false, true] {
            try await withQueue(driver) { fixture, queue in
                for n in 1...2 { try await queue.add(fixture.delivery("a\(n)", of: "a"), now: fixture.now) }
                try await fixture.attempt(queue, "a1", .dead)
                let second = try await fixture.leaseDeliveries(queue).at(0)
                #expect(try await queue.redeliver("a1", now: fixture.now))
                if isGivenBack {
                    await queue.release([second])
                } else {
                    try await queue.record(
                        DeliveryAttempt(second, at: fixture.now, status: 200, error: nil, next: .delivered))
                    #expect(try await queue.delivery("a2")?.state == .delivered)
                }
                #expect(try await due(queue, fixture) == ["a1"])
            }
        }
    }

    @Test("a later one that is redelivered waits; those without a tenant wait for none", arguments: QueueDriver.all)
    func laterOne(_ driver: QueueDriver) async throws {
        try await withQueue(driver) { fixture, queue in
            for n in 1...2 { try await queue.add(fixture.delivery("a\(n)", of: "a"), now: fixture.now) }
            for n in 1...2 { try await queue.add(fixture.delivery("test\(n)"), now: fixture.now) }
            #expect(try await queue.redeliver("a2", now: fixture.now))
            #expect(try await queue.leaseDelivery("a2", now: fixture.now, for: .seconds(60)) == nil, "wanted, and not due")
            #expect(try await due(queue, fixture) == ["a1", "test1", "test2"])
            #expect(try await queue.redeliver("a1", now: fixture.now))
            #expect(try await due(queue, fixture) == ["a1", "test1", "test2"])
            let next = try await driver.killed(fixture)
            fixture.clock.advance(3_600)
            #expect(try await due(next, fixture) == ["a1", "test1", "test2"])
            await next.close()
        }
    }

    @Test(
        "of the dead that are sent again, a page at a time, the tenant's earliest goes first, and those behind are counted",
        arguments: QueueDriver.all)
    func deadInPages(_ driver: QueueDriver) async throws {
        try await withQueue(driver) { fixture, queue in
            for id in ["a1", "a2", "b1", "a3", "a4", "b2", "test1"] {
                let delivery = id == "test1" ? fixture.delivery(id) : fixture.delivery(id, of: id.hasPrefix("a") ? "a" : "b")
                try await queue.add(delivery, now: fixture.now)
            }
            for id in ["a1", "a2", "a3", "b1", "test1"] { try await fixture.attempt(queue, id, .dead) }
            let first = try await queue.redeliverDead(ofJob: nil, ofTenant: nil, limit: 2, cursor: nil, now: fixture.now)
            #expect(first.count == 2 && first.waiting == 1 && first.behind == 1 && first.waitsUntil == nil)
            #expect(try await due(queue, fixture) == ["a1", "b2"])
            let second = try await queue.redeliverDead(
                ofJob: nil, ofTenant: nil, limit: 2, cursor: first.nextCursor, now: fixture.now)
            #expect(second.count == 2 && second.waiting == 1 && second.behind == 1)
            let last = try await queue.redeliverDead(
                ofJob: nil, ofTenant: nil, limit: 2, cursor: second.nextCursor, now: fixture.now)
            #expect(last == Redelivered(count: 1, nextCursor: nil))
            #expect(try await due(queue, fixture) == ["a1", "b1", "test1"])
        }
    }

    @Test("otherwise all that are due may be sent", arguments: QueueDriver.all)
    func anyOrder(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            for n in 1...2 { try await queue.add(fixture.delivery("a\(n)", of: "a"), now: fixture.now) }
            #expect(try await due(queue, fixture) == ["a1", "a2"])
        }
    }
}
