import JobQueue
import SyncModel
import TestSupport
import Testing

@testable import Webhooks

@Suite("Webhook courier: leases of deliveries", .timeLimit(.minutes(5)))
struct DeliveryLeaseTests {
    private let sender = HeldSender()

    private func bench(_ change: (inout CourierBench) -> Void = { _ in }) throws -> CourierBench {
        var bench = try CourierBench()
        bench.sender = sender
        change(&bench)
        return bench
    }

    @Test("a webhook that another process holds is sent once that lease has run out")
    func elsewhere() async throws {
        let bench = try bench()
        await bench.outbox.endLeases()
        await bench.add("evt_1", to: "http://a.test/")
        await bench.outbox.leaseElsewhere("evt_1", until: bench.clock.timestamp.advanced(bySeconds: 30))
        sender.allowed.set(1)
        try await bench.run { _ in
            try await bench.goOn(to: 29)
            #expect(await bench.outbox.attempts.isEmpty)
            try await bench.goOn(to: 1)
            #expect(try await bench.outbox.attempts(1)[0].next == .delivered)
        }
    }

    @Test("a webhook that is redelivered while it is being sent is sent again at once, and the attempt before is not counted")
    func redelivered() async throws {
        let bench = try bench()
        try await bench.run { _ in
            await bench.add("evt_1", to: "http://a.test/")
            try await sender.begun.reaches(1)
            await bench.outbox.redeliver("evt_1", at: bench.clock.timestamp)
            try await sender.begun.reaches(2)
            sender.allowed.set(1)
            #expect(await eventually { await bench.outbox.lost.count == 1 })
            #expect(await bench.outbox.attempts.isEmpty)
            sender.allowed.set(2)
            _ = try await bench.outbox.attempts(1)
            #expect(await bench.outbox.deliveries["evt_1"]?.attempts == 1)
        }
        #expect(bench.log.lines.contains("info Webhook's lease was lost"))
    }

    @Test("a webhook that is redelivered while it waits here is not sent under the lease that ended, and is sent once")
    func redeliveredWaiting() async throws {
        let bench = try bench { $0.limits.perNewDestination = 1 }
        for n in 0..<2 { await bench.add("evt_\(n)", to: "http://a.test/") }
        try await bench.run { _ in
            try await sender.begun.reaches(1)
            let mayReturn = Gauge()
            await bench.outbox.holdAnswers(until: mayReturn)
            let before = await bench.outbox.questions
            await bench.add("evt_2", to: "http://b.test/")
            try await bench.outbox.answered.reaches(before + 1)
            // There is a place for it before the courier has its new lease.
            await bench.outbox.redeliver("evt_1", at: bench.clock.timestamp)
            sender.allowed.set(9)
            _ = try await bench.outbox.attempts(1)
            mayReturn.set(.max)
            _ = try await bench.outbox.attempts(3)
            #expect(await bench.outbox.lost.isEmpty)
        }
        #expect(sender.sent.sorted() == ["evt_0", "evt_1", "evt_2"])
    }

    @Test("a retry that is recorded while the courier asks for what was due by then is sent without another wake-up")
    func recordedMeanwhile() async throws {
        let sender = HeldSender { .init(status: $0 == 1 ? 500 : 200, error: $0 == 1 ? "HTTP 500" : nil) }
        let bench = try bench { $0.sender = sender }
        try await bench.run { courier in
            await bench.add("evt_1", to: "http://a.test/")
            try await sender.begun.reaches(1)
            await bench.outbox.failWrites(1_000)
            sender.allowed.set(9)
            // The alarm, and the pause before the record is tried again.
            try await bench.clock.sleepers(2)
            let mayReturn = Gauge()
            await bench.outbox.holdAnswers(until: mayReturn)
            let before = await bench.outbox.questions
            // The retry is due after 5 s.
            bench.clock.advance(by: .seconds(6))
            await bench.add("evt_2", to: "http://b.test/")
            try await bench.outbox.answered.reaches(before + 1)
            try await bench.clock.sleepers(2)
            await bench.outbox.failWrites(0)
            bench.clock.advance(by: .seconds(4))
            _ = try await bench.outbox.attempts(1)
            #expect(await eventually { await courier.limiter.isIdle })
            mayReturn.set(.max)
            #expect(await eventually { sender.sent.count == 3 })
        }
        #expect(sender.sent.sorted() == ["evt_1", "evt_1", "evt_2"])
    }

    @Test("a courier that has stopped keeps nothing of what happens to leases afterwards")
    func stopped() async throws {
        let bench = try bench()
        await bench.add("evt_1", to: "http://a.test/")
        let courier = try await bench.run { courier in
            try await sender.begun.reaches(1)
            return courier
        }
        for _ in 0..<3 {
            await bench.outbox.leaseElsewhere("evt_1", until: bench.clock.timestamp)
            await bench.outbox.redeliver("evt_1", at: bench.clock.timestamp)
        }
        #expect(courier.endedLeaseCount == 0)
    }

    @Test("what becomes due while there is no room for more is not looked for again and again, and is sent when there is")
    func noRoom() async throws {
        let bench = try bench {
            $0.limits.concurrent = 1
            $0.limits.ready = 16
        }
        for n in 0..<16 { await bench.add("evt_\(n)", to: "http://host-\(n).test/") }
        await bench.add("late", to: "http://late.test/", in: 5)
        try await bench.run { _ in
            try await sender.begun.reaches(1)
            try await bench.clock.sleepers(1)
            bench.clock.advance(by: .seconds(6))
            // It sleeps again: until its next look.
            try await bench.clock.sleepers(1)
            let looks = await bench.outbox.looksAhead
            #expect(looks < 10, "\(looks)")
            sender.allowed.set(99)
            _ = try await bench.outbox.attempts(17)
        }
        #expect(sender.sent.last == "late")
    }

    @Test("a courier that stops gives back what it has not sent, and what it was sending")
    func stop() async throws {
        let bench = try bench { $0.limits.perNewDestination = 1 }
        for n in 0..<3 { await bench.add("evt_\(n)", to: "http://a.test/") }
        try await bench.run { _ in
            try await sender.begun.reaches(1)
            #expect(await bench.outbox.leases.count == 3)
        }
        #expect(await bench.outbox.leases.isEmpty)
        #expect(await bench.outbox.deliveries.values.allSatisfy { $0.attempts == 0 })
    }
}
