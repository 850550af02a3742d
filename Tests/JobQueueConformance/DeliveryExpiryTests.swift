import JobQueue
import SyncModel
import TestSupport
import Testing

@Suite("Webhook deliveries whose time is over")
struct DeliveryExpiryTests {
    private static let lifetime: Double = 3 * 86_400

    private func expire(_ queue: any JobQueue, _ fixture: QueueFixture, limit: Int = 9) async throws -> [ExpiredDelivery] {
        try await queue.expireDeliveries(now: fixture.now, limit: limit).deliveries
    }

    private func states(_ queue: any JobQueue) async throws -> [String: DeliveryState] {
        let all = try await queue.deliveries(DeliveryFilter(), limit: 99, cursor: nil).items
        return Dictionary(uniqueKeysWithValues: all.map { ($0.what.id, $0.state) })
    }

    @Test("what is not taken within three days is dead and says why, tried, put off or never tried", arguments: QueueDriver.all)
    func threeDays(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let start = fixture.now
            for id in ["taken", "waits", "asked", "untried"] { try await queue.add(fixture.delivery(id), now: start) }
            try await fixture.attempt(queue, "taken", .delivered, status: 200)
            let later = start.advanced(bySeconds: 4 * 86_400)
            try await fixture.attempt(queue, "waits", .retry(at: later), status: 500, error: "HTTP 500")
            try await fixture.attempt(queue, "asked", .putOff, status: 429, error: "HTTP 429")
            fixture.clock.advance(Self.lifetime - 1)
            try await queue.add(fixture.delivery("young"), now: fixture.now)
            let before = try await queue.expireDeliveries(now: fixture.now, limit: 9)
            #expect(before.deliveries.isEmpty && before.nextAt == start.advanced(bySeconds: Self.lifetime))
            #expect(try await queue.delivery("untried")?.expiresAt == before.nextAt)
            fixture.clock.advance(1)
            let over = try await queue.expireDeliveries(now: fixture.now, limit: 9)
            #expect(over.nextAt == fixture.now.advanced(bySeconds: Self.lifetime - 1))
            #expect(
                over.deliveries.sorted { $0.id < $1.id } == [
                    ExpiredDelivery(id: "asked", jobID: nil, destination: Self.host, attempts: 0, lastError: "HTTP 429"),
                    ExpiredDelivery(id: "untried", jobID: nil, destination: Self.host, attempts: 0, lastError: nil),
                    ExpiredDelivery(id: "waits", jobID: nil, destination: Self.host, attempts: 1, lastError: "HTTP 500"),
                ])
            #expect(
                try await states(queue)
                    == ["taken": .delivered, "waits": .dead, "asked": .dead, "untried": .dead, "young": .pending])
            #expect(try await queue.delivery("waits")?.lastError == "not taken within 3 days (HTTP 500)")
            let untried = try #require(try await queue.delivery("untried"))
            #expect(untried.lastError == "not taken within 3 days" && untried.attempts == 0 && untried.nextAttemptAt == nil)
            let statistics = try await queue.statistics(now: fixture.now)
            #expect(statistics.deliveriesDead == 3 && statistics.deliveriesPending == 1)
            #expect(try await fixture.leaseDeliveries(queue).map(\.delivery.what.id) == ["young"])
            #expect(try await queue.nextDelivery(after: later.advanced(bySeconds: -1)) == nil)
            #expect(try await expire(queue, fixture).isEmpty, "each once")
        }
    }

    private static let host = "https://wrapper.example"

    @Test("an attempt under way decides: a late success counts, and what is given back is dead", arguments: QueueDriver.all)
    func underWay(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            for id in ["late", "failed", "back"] { try await queue.add(fixture.delivery(id), now: fixture.now) }
            let leased = try await fixture.leaseDeliveries(queue, for: Int(Self.lifetime) + 60)
            fixture.clock.advance(Self.lifetime)
            #expect(try await expire(queue, fixture).isEmpty)
            for one in leased {
                switch one.delivery.what.id {
                case "late":
                    try await queue.record(DeliveryAttempt(one, at: fixture.now, status: 200, error: nil, next: .delivered))
                case "failed":
                    try await queue.record(DeliveryAttempt(one, at: fixture.now, status: 500, error: "HTTP 500", next: .dead))
                default: await queue.release([one])
                }
            }
            #expect(try await expire(queue, fixture).map(\.id) == ["back"])
            #expect(try await states(queue) == ["late": .delivered, "failed": .dead, "back": .dead])
        }
    }

    @Test("a redelivery begins three new days, whatever the delivery was", arguments: QueueDriver.all)
    func redelivered(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            for id in ["one", "all", "old"] { try await queue.add(fixture.delivery(id), now: fixture.now) }
            fixture.clock.advance(Self.lifetime)
            #expect(try await expire(queue, fixture).count == 3)
            #expect(try await queue.redeliver("one", now: fixture.now))
            fixture.clock.advance(1)
            let all = try await queue.redeliverDead(ofJob: nil, ofTenant: nil, limit: 1, cursor: nil, now: fixture.now)
            #expect(all.count == 1)
            fixture.clock.advance(Self.lifetime - 2)
            #expect(try await expire(queue, fixture).isEmpty)
            fixture.clock.advance(1)
            #expect(try await expire(queue, fixture).map(\.id) == ["one"])
            #expect(try await queue.delivery("one")?.lastError == "not taken within 3 days")
            fixture.clock.advance(1)
            #expect(try await expire(queue, fixture).map(\.id) == ["all"])
        }
    }

    @Test("of many the earliest end first, as many as one call may", arguments: QueueDriver.all)
    func steps(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            for n in 0..<6 {
                try await queue.add(fixture.delivery("msg_\(n)"), now: fixture.now)
                fixture.clock.advance(1)
            }
            let held = try await fixture.leaseDeliveries(queue, 2, for: Int(Self.lifetime) + 60)
            #expect(held.map(\.delivery.what.id) == ["msg_0", "msg_1"])
            fixture.clock.advance(Self.lifetime)
            #expect(try await expire(queue, fixture, limit: 3).map(\.id) == ["msg_2", "msg_3", "msg_4"])
            #expect(try await expire(queue, fixture, limit: 3).map(\.id) == ["msg_5"])
            await queue.release(held)
            #expect(try await expire(queue, fixture, limit: 1).map(\.id) == ["msg_0"])
        }
    }

    @Test("a job whose webhook is dead without an attempt is pruned as any other", arguments: QueueDriver.all)
    func pruned(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let job = try await fixture.accept(queue, "a", users: 1)
            try await fixture.work(queue, "a", deliver: true)
            fixture.clock.advance(Self.lifetime)
            #expect(try await expire(queue, fixture).map(\.jobID) == [job.id])
            try await queue.ledgerForgotten([job.id])
            fixture.clock.advance(1)
            #expect(try await queue.prune(jobsBefore: fixture.now, keysBefore: fixture.now, limit: 9) == 1)
            #expect(try await states(queue).isEmpty)
        }
    }
}
