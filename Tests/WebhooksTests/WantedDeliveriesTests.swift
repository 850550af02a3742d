import JobQueue
import SyncModel
import TestSupport
import Testing

@testable import Webhooks

@Suite("Webhook courier: attempts that a person wants now", .timeLimit(.minutes(5)))
struct WantedDeliveriesTests {
    private static let host = "http://a.test"
    private static let asks = WebhookSender.Outcome(status: 429, error: "HTTP 429", retryAfter: "3000")

    /// A courier whose destination has asked for 3,000 s, with webhooks that wait for it.
    private func withHeld(
        _ waiting: Int, _ sender: HeldSender, _ body: @Sendable (CourierBench, WebhookCourier) async throws -> Void
    ) async throws {
        var bench = try CourierBench()
        bench.sender = sender
        try await bench.run { [bench] courier in
            await bench.add("evt_0", to: Self.host)
            _ = try await bench.outbox.attempts(1)
            for n in 1..<waiting { await bench.add("evt_\(n)", to: Self.host) }
            try await body(bench, courier)
        }
    }

    private func retry(_ bench: CourierBench, _ id: String) async { await bench.outbox.redeliver(id, at: bench.clock.timestamp) }

    @Test("one is sent at once to a destination that asks to wait; once it is taken all others follow, which is told")
    func ends() async throws {
        let sender = HeldSender { $0 == 1 ? Self.asks : .init(status: 200) }
        sender.allowed.set(1)
        try await withHeld(4, sender) { bench, courier in
            #expect(sender.sent == ["evt_0"])
            await retry(bench, "evt_2")
            #expect(await eventually { sender.sent == ["evt_0", "evt_2"] })
            courier.wake()
            await retry(bench, "evt_2")
            sender.allowed.set(.max)
            #expect(await eventually { await bench.outbox.states == [.delivered: 4] })
            // Redelivered while it was under way: that attempt does not count, and another is made.
            #expect(sender.sent.count { $0 == "evt_2" } == 2)
            #expect(await bench.outbox.deliveries["evt_0"]?.attempts == 1)
            #expect(bench.log.lines.contains("notice Webhooks go on: their destination takes them again"))
            #expect(await courier.limiter.health(of: Self.host)?.opensAt.map { $0 <= bench.clock.timestamp } ?? true)
        }
    }

    @Test("a new 429 says how long all wait from now, and costs no attempt", arguments: [7.0, 80_000])
    func renewed(seconds: Double) async throws {
        let sender = HeldSender { number in
            let again = WebhookSender.Outcome(status: 429, error: "HTTP 429", retryAfter: "\(Int(seconds))")
            return number == 1 ? Self.asks : number == 2 ? again : .init(status: 200)
        }
        sender.allowed.set(.max)
        try await withHeld(3, sender) { bench, courier in
            await retry(bench, "evt_1")
            _ = try await bench.outbox.attempts(2)
            let end = bench.clock.timestamp.advanced(bySeconds: seconds)
            #expect(await courier.limiter.health(of: Self.host)?.opensAt == end)
            #expect(await bench.outbox.deliveries["evt_1"]?.attempts == 0)
            await bench.add("evt_3", to: Self.host)
            try await bench.goOn(to: 6.9)
            #expect(sender.sent == ["evt_0", "evt_1"])
            guard seconds < 60 else { return }
            #expect(
                await eventually {
                    bench.clock.advance(by: .milliseconds(100))
                    return await bench.outbox.states == [.delivered: 4]
                })
        }
    }

    @Test("several are sent one after the other, each once, while the destination takes none else")
    func oneAtATime() async throws {
        let sender = HeldSender { _ in Self.asks }
        sender.allowed.set(1)
        try await withHeld(6, sender) { bench, courier in
            for n in [3, 1, 5] { await retry(bench, "evt_\(n)") }
            for (n, id) in ["evt_3", "evt_1", "evt_5"].enumerated() {
                try await sender.begun.reaches(n + 2)
                let before = await bench.outbox.questions
                courier.wake()
                #expect(await eventually { await bench.outbox.questions > before })
                #expect(sender.sent.count == n + 2 && sender.sent.last == id)
                sender.allowed.set(n + 2)
                _ = try await bench.outbox.attempts(n + 2)
            }
            try await bench.goOn(to: 100)
            #expect(sender.sent.count == 4)
        }
    }

    @Test("one is tried at a destination that is down, beside no other; a failure changes nothing, a success ends it")
    func down() async throws {
        let isUp = Shared(false)
        let sender = HeldSender { _ in isUp.value ? .init(status: 200) : .init(status: 500, error: "HTTP 500") }
        sender.allowed.set(.max)
        var bench = try CourierBench()
        bench.sender = sender
        bench.limits.perNewDestination = 1
        try await bench.run { [bench] courier in
            for n in 0..<8 { await bench.add("evt_\(n)", to: Self.host) }
            _ = try await bench.outbox.attempts(5)
            #expect(await eventually { await courier.limiter.health(of: Self.host)?.isDown == true })
            let probe = await courier.limiter.health(of: Self.host)?.opensAt
            await retry(bench, "evt_7")
            let failed = try await bench.outbox.attempts(6)[5]
            #expect(failed.deliveryID == "evt_7" && failed.status == 500)
            #expect(await courier.limiter.health(of: Self.host)?.opensAt == probe)
            #expect(sender.sent.count == 6)
            isUp.value = true
            await retry(bench, "evt_7")
            // Those that were never tried; the others wait for their time.
            #expect(await eventually { await bench.outbox.states[.delivered] == 3 })
            #expect(await courier.limiter.health(of: Self.host)?.isDown == false)
        }
    }

    @Test("one that cannot be read now is sent once the outbox can be, after a second")
    func outboxAway() async throws {
        let sender = HeldSender { $0 == 1 ? Self.asks : .init(status: 200) }
        sender.allowed.set(.max)
        try await withHeld(2, sender) { bench, _ in
            await bench.outbox.failReads(.max)
            await retry(bench, "evt_1")
            #expect(
                await eventually { bench.log.lines.contains("error Reading the webhook outbox failed and is tried again") })
            await bench.outbox.failReads(0)
            #expect(
                await eventually {
                    bench.clock.advance(by: .milliseconds(500))
                    return await bench.outbox.states == [.delivered: 2]
                })
            #expect(bench.clock.timestamp < bench.clock.start.advanced(bySeconds: 2000))
        }
    }

    @Test("of more than can be kept apart the rest is as all others")
    func many() {
        var wanted = WantedDeliveries()
        let most = WantedDeliveries.mostOfDestination
        for n in 0..<(2 * most) { wanted.add("\(n)", to: "a") }
        #expect(wanted.waiting.map(\.id) == (0..<most).map { "\($0)" })
        wanted.add("other", to: "b")
        #expect(wanted.waiting.last?.id == "other", "one destination does not crowd out another's")
        wanted.remove("0")
        wanted.add("1", to: "a")
        wanted.add("0", to: "a")
        #expect(wanted.waiting.count == most + 1 && wanted.waiting.last?.id == "0")
        for destination in 0..<4 { for n in 0..<most { wanted.add("\(destination)-\(n)", to: "c\(destination)") } }
        #expect(wanted.waiting.count == 4 * most, "they are bounded together too")
    }
}
