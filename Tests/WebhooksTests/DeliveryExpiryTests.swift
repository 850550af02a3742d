import JobQueue
import SyncModel
import TestSupport
import Testing

@testable import Webhooks

@Suite("Webhook courier: deliveries whose time is over", .timeLimit(.minutes(5)))
struct DeliveryExpiryTests {
    /// Seconds: in these tests a delivery lives for less than half an hour, but for longer than nothing expires after a start.
    private static let lifetime: Double = 1530

    private func bench(_ sender: HeldSender = HeldSender()) async throws -> CourierBench {
        var bench = try CourierBench()
        bench.sender = sender
        sender.allowed.set(.max)
        await bench.outbox.limitLifetime(to: Self.lifetime)
        return bench
    }

    @Test("a webhook that a receiver puts off again and again, and those behind it, are dead in the end, each told once")
    func asksForEver() async throws {
        let bench = try await bench(HeldSender { _ in .init(status: 429, error: "HTTP 429", retryAfter: "600") })
        try await bench.run { _ in
            for n in 0..<300 { await bench.add("evt_\(n)", to: "http://a.test/") }
            let first = try await bench.outbox.attempts(1)[0]
            #expect(first.error == "HTTP 429, waits until 2026-09-21T14:23:20.000Z")
            try await bench.goOn(to: Self.lifetime - 100)
            #expect(await bench.outbox.states == [.pending: 300])
            // The clock may be faster than the courier: it goes on until all is done.
            for _ in 0..<60 where await bench.outbox.states != [.dead: 300] {
                try await bench.goOn(to: 60)
                let before = await bench.outbox.states
                _ = await eventually(0.05) { await bench.outbox.states != before }
            }
            #expect(await bench.outbox.states == [.dead: 300])
        }
        #expect(bench.log.lines.filter { $0 == "error Webhook dead" }.count == 300)
        let held = bench.log.lines.filter { $0 == "notice Webhooks wait: their destination asks to wait" }
        #expect((2...4).contains(held.count), "once for each wait, not for each webhook")
        let tried = await bench.outbox.deliveries.values.filter { $0.lastAttemptAt != nil }
        #expect(tried.count < 50)
        #expect(tried.allSatisfy { $0.lastError?.hasPrefix("not taken within 3 days (HTTP 429, waits until 2026-") == true })
        let untried = await bench.outbox.deliveries["evt_299"]
        #expect(untried?.lastError == "not taken within 3 days")
    }

    @Test("a webhook dies in the second in which its time is over, not with the next heartbeat")
    func inTime() async throws {
        let bench = try await bench()
        await bench.add("evt_1", to: "http://a.test/")
        await bench.outbox.postpone("evt_1", to: bench.clock.timestamp.advanced(bySeconds: 2 * Self.lifetime))
        try await bench.run { _ in
            try await bench.goOn(to: Self.lifetime - 1)
            #expect(await bench.outbox.states == [.pending: 1])
            try await bench.goOn(to: 1)
            #expect(await eventually { await bench.outbox.states == [.dead: 1] })
        }
    }

    @Test("while the outbox cannot be written the courier goes on, and looks again with the next heartbeat")
    func outboxAway() async throws {
        let bench = try await bench()
        await bench.add("evt_1", to: "http://a.test/")
        await bench.outbox.postpone("evt_1", to: bench.clock.timestamp.advanced(bySeconds: 2 * Self.lifetime))
        await bench.outbox.failExpiry(1)
        let failed = "error Ending webhooks whose time is over failed and is tried again"
        try await bench.run { _ in
            try await bench.goOn(to: 361)
            #expect(await eventually { bench.log.lines.contains(failed) })
            try await bench.goOn(to: Self.lifetime - 300)
            #expect(await eventually { await bench.outbox.states == [.dead: 1] })
        }
    }

    @Test("an attempt that fails after the end, or would be repeated after it, is the last; a late success counts")
    func lastAttempt() {
        let now = Timestamp(microseconds: 0)
        let retry = DeliveryAttempt.Next.retry(at: now.advanced(bySeconds: 100))
        #expect(DeliveryDecision.within(101, retry, from: now) == retry)
        #expect(DeliveryDecision.within(100, retry, from: now) == .dead)
        #expect(DeliveryDecision.within(1, .putOff, from: now) == .putOff)
        #expect(DeliveryDecision.within(0, .putOff, from: now) == .dead)
        for left in [100, 0, -1e9] { #expect(DeliveryDecision.within(left, .delivered, from: now) == .delivered) }
    }

    @Test("an attempt whose repetition would come after the end is the last, and says why")
    func failsLate() async throws {
        let bench = try await bench(HeldSender { _ in .init(status: 500, error: "HTTP 500") })
        await bench.outbox.limitLifetime(to: DeliverySchedule.lifetime)
        try await bench.run { _ in
            await bench.add("evt_1", to: "http://a.test/", attempts: 5)
            let first = try await bench.outbox.attempts(1)[0]
            #expect(first.error == "HTTP 500" && first.next == .retry(at: bench.clock.start.advanced(bySeconds: 18_000)))
            await bench.outbox.shorten("evt_1", to: bench.clock.start.advanced(bySeconds: 18_000 + 36_000))
            try await bench.goOn(to: 18_000)
            let last = try await bench.outbox.attempts(2)[1]
            #expect(last.next == .dead && last.status == 500 && last.error == "not taken within 3 days (HTTP 500)")
        }
    }
}
