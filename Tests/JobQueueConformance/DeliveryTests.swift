import JobQueue
import SyncModel
import TestSupport
import Testing

@Suite("Webhook deliveries")
struct DeliveryTests {
    @Test("due deliveries come the longest due first, each to one who asks", arguments: QueueDriver.all)
    func due(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            for i in 0..<4 {
                try await queue.add(fixture.delivery("msg_\(i)"), now: fixture.now)
                fixture.clock.advance(1)
            }
            #expect(fixture.events.take().deliveriesDue == 4)
            func due(_ limit: Int = 9) async throws -> [String] {
                let leased = try await fixture.leaseDeliveries(queue, limit)
                await queue.release(leased)
                return leased.map(\.delivery.what.id)
            }
            #expect(try await due() == ["msg_0", "msg_1", "msg_2", "msg_3"])
            #expect(try await due(2) == ["msg_0", "msg_1"])
            let later = fixture.now.advanced(bySeconds: 5)
            try await fixture.attempt(queue, "msg_0", .retry(at: later), status: 503)
            try await fixture.attempt(queue, "msg_1", .delivered, status: 204)
            try await fixture.attempt(queue, "msg_2", .dead, error: "gone")
            #expect(try await due() == ["msg_3"])
            try await fixture.attempt(queue, "msg_3", .delivered, status: 200)
            #expect(try await queue.nextDelivery(after: fixture.now) == later)
            fixture.clock.advance(5)
            #expect(try await due() == ["msg_0"])
        }
    }

    @Test("an attempt is recorded as it went", arguments: QueueDriver.all)
    func record(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            let what = fixture.delivery("msg_1")
            try await queue.add(what, now: fixture.now)
            let created = fixture.now
            fixture.clock.advance(1)
            let later = fixture.now.advanced(bySeconds: 5)
            try await fixture.attempt(queue, "msg_1", .retry(at: later), status: 500, error: "internal")
            let failed = try #require(try await queue.delivery("msg_1"))
            #expect(
                failed
                    == Delivery(
                        what: what.head, state: .pending, createdAt: created, attempts: 1, nextAttemptAt: later,
                        lastAttemptAt: fixture.now, deliveredAt: nil, lastStatus: 500, lastError: "internal"))
            #expect(try await queue.statistics(now: fixture.now).lastDeliveryError == "internal")
            fixture.clock.advance(5)
            let last = try #require(try await fixture.leaseDeliveries(queue).first)
            try await queue.record(DeliveryAttempt(last, at: fixture.now, status: 200, error: nil, next: .delivered))
            let delivered = try #require(try await queue.delivery("msg_1"))
            #expect(delivered.state == .delivered)
            #expect(delivered.attempts == 2)
            #expect(delivered.deliveredAt == fixture.now)
            #expect(delivered.nextAttemptAt == nil)
            #expect(try await queue.body(of: "msg_1") == what.body)
            await #expect(throws: QueueError.leaseLost) {
                try await queue.record(DeliveryAttempt(last, at: fixture.now, status: nil, error: nil, next: .dead))
            }
            #expect(try await queue.delivery("msg_1") == delivered, "a late answer does not undo it")
            #expect(try await queue.nextDelivery(after: fixture.now) == nil)
            let long = String(repeating: "x", count: 10_000)
            try await queue.add(fixture.delivery("msg_2"), now: fixture.now)
            try await fixture.attempt(queue, "msg_2", .dead, error: long)
            #expect(try #require(try await queue.delivery("msg_2")?.lastError).count <= 1000)
            let statistics = try await queue.statistics(now: fixture.now)
            #expect(statistics.deliveriesDead == 1)
            #expect(statistics.deliveriesPending == 0)
            #expect(statistics.oldestPendingDeliveryAt == nil)
        }
    }

    @Test(
        "an attempt that is put off shows why and counts as none; the delivery is due, behind the others",
        arguments: QueueDriver.all)
    func putOff(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            try await queue.add(fixture.delivery("msg_1"), now: fixture.now)
            fixture.clock.advance(1)
            try await queue.add(fixture.delivery("msg_2"), now: fixture.now)
            fixture.clock.advance(1)
            try await fixture.attempt(queue, "msg_1", .putOff, status: 429, error: "HTTP 429")
            let delivery = try #require(try await queue.delivery("msg_1"))
            #expect(delivery.state == .pending && delivery.attempts == 0 && delivery.nextAttemptAt == fixture.now)
            #expect(delivery.lastStatus == 429 && delivery.lastError == "HTTP 429" && delivery.lastAttemptAt == fixture.now)
            #expect(try await queue.statistics(now: fixture.now).deliveriesPending == 2)
            let leased = try await fixture.leaseDeliveries(queue).map(\.delivery)
            #expect(leased.map(\.what.id) == ["msg_2", "msg_1"] && leased.last == delivery)
        }
    }

    @Test("any delivery can be sent again, its attempts anew", arguments: QueueDriver.all)
    func redeliver(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            #expect(try await queue.redeliver("msg_1", now: fixture.now) == false)
            try await queue.add(fixture.delivery("msg_1"), now: fixture.now)
            for next in [DeliveryAttempt.Next.dead, .delivered, .retry(at: fixture.now.advanced(bySeconds: 9))] {
                try await fixture.attempt(queue, "msg_1", next)
                fixture.clock.advance(1)
                _ = fixture.events.take()
                #expect(try await queue.redeliver("msg_1", now: fixture.now))
                #expect(fixture.events.take().deliveriesDue == 1)
                let delivery = try #require(try await queue.delivery("msg_1"))
                #expect(delivery.state == .pending)
                #expect(delivery.attempts == 0)
                #expect(delivery.nextAttemptAt == fixture.now)
                let statistics = try await queue.statistics(now: fixture.now)
                #expect(statistics.deliveriesPending == 1)
                #expect(statistics.deliveriesDead == 0)
            }
        }
    }

    @Test("dead deliveries are sent again in steps, each once, even those that die again meanwhile", arguments: QueueDriver.all)
    func redeliverDead(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            for i in 0..<5 {
                try await queue.add(fixture.delivery("msg_\(i)"), now: fixture.now)
                if i != 2 { try await fixture.attempt(queue, "msg_\(i)", .dead) }
            }
            fixture.clock.advance(1)
            _ = fixture.events.take()
            var redelivered = 0
            var steps: [Int] = []
            var cursor: String?
            repeat {
                let step = try await queue.redeliverDead(
                    ofJob: nil, ofTenant: nil, limit: 2, cursor: cursor, now: fixture.now)
                steps.append(step.count)
                redelivered += step.count
                cursor = step.nextCursor
                if steps.count == 1 {
                    #expect(fixture.events.take().deliveriesDue == 1)
                    for id in ["msg_0", "msg_1"] {
                        let delivery = try #require(try await queue.delivery(id))
                        #expect(delivery.state == .pending && delivery.attempts == 0 && delivery.nextAttemptAt == fixture.now)
                        try await fixture.attempt(queue, id, .dead)
                    }
                    try await queue.add(fixture.delivery("msg_5"), now: fixture.now)
                    try await fixture.attempt(queue, "msg_5", .dead)
                }
            } while cursor != nil && steps.count < 9
            #expect(steps == [2, 2])
            let statistics = try await queue.statistics(now: fixture.now)
            #expect(statistics.deliveriesPending == 3 && statistics.deliveriesDead == 3)
            await #expect(throws: QueueError.badCursor) {
                _ = try await queue.redeliverDead(ofJob: nil, ofTenant: nil, limit: 2, cursor: "x", now: fixture.now)
            }
        }
    }

    @Test("of dead deliveries those of one job or one tenant can be sent again alone", arguments: QueueDriver.all)
    func redeliverDeadOf(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            var jobs: [Job] = []
            for i in 0..<4 {
                jobs.append(try await fixture.accept(queue, "t\(i % 2)", users: 1))
                try await fixture.work(queue, "t\(i % 2)", deliver: true)
                try await fixture.attempt(queue, "msg_\(jobs[i].id)", .dead)
            }
            func redeliver(_ job: JobID?, _ tenant: TenantID?) async throws -> Int {
                try await queue.redeliverDead(ofJob: job, ofTenant: tenant, limit: 9, cursor: nil, now: fixture.now).count
            }
            func dead() async throws -> [JobID?] {
                var filter = DeliveryFilter()
                filter.state = .dead
                return try await queue.deliveries(filter, limit: 9, cursor: nil).items.map(\.what.jobID)
            }
            #expect(try await redeliver(jobs[0].id, "t1") == 0)
            #expect(try await redeliver(jobs[0].id, "t0") == 1)
            #expect(try await redeliver(jobs[0].id, nil) == 0, "it is not dead any more")
            #expect(try await redeliver(nil, "t1") == 2)
            #expect(try await dead() == [jobs[2].id])
            #expect(try await redeliver(jobs[2].id, nil) == 1)
            #expect(try await redeliver(nil, nil) == 0)
        }
    }

    @Test("deliveries are listed newest first by state, tenant and job", arguments: QueueDriver.all)
    func list(_ driver: QueueDriver) async throws {
        try await driver.withQueue { fixture, queue in
            var jobs: [Job] = []
            for i in 0..<6 {
                jobs.append(try await fixture.accept(queue, "t\(i % 2)", users: 1))
                try await fixture.work(queue, "t\(i % 2)", deliver: true)
            }
            try await queue.add(fixture.delivery("msg_test"), now: fixture.now)
            let ids = jobs.map { "msg_\($0.id)" }
            for i in [0, 3] { try await fixture.attempt(queue, ids[i], .delivered, status: 200) }
            try await fixture.attempt(queue, ids[1], .dead, status: 410)
            func list(_ change: (inout DeliveryFilter) -> Void) async throws -> [String] {
                var filter = DeliveryFilter()
                change(&filter)
                var found: [String] = []
                var cursor: String?
                repeat {
                    let page = try await queue.deliveries(filter, limit: 2, cursor: cursor)
                    found += page.items.map(\.what.id)
                    cursor = page.nextCursor
                } while cursor != nil
                return found
            }
            #expect(try await list { _ in } == ["msg_test"] + ids.reversed())
            #expect(try await list { $0.state = .delivered } == [ids[3], ids[0]])
            #expect(try await list { $0.state = .pending } == ["msg_test", ids[5], ids[4], ids[2]])
            #expect(try await list { $0.tenantID = "t1" } == [ids[5], ids[3], ids[1]])
            #expect(
                try await list {
                    $0.tenantID = "t1"; $0.state = .dead
                } == [ids[1]])
            #expect(try await list { $0.jobID = jobs[2].id } == [ids[2]])
            for (tenant, found) in [("t0", [ids[2]]), ("t1", [])] as [(TenantID, [String])] {
                #expect(
                    try await list {
                        $0.jobID = jobs[2].id; $0.tenantID = tenant
                    } == found)
            }
            #expect(
                try await list {
                    $0.jobID = jobs[2].id; $0.state = .dead
                }.isEmpty)
        }
    }
}
