import JobQueue
import SyncModel
import TestSupport
import Testing

@testable import Webhooks

@Suite("Webhook courier: what it keeps of destinations, and what it learns at its start", .timeLimit(.minutes(5)))
struct CourierMemoryTests {
    /// Takes all, and sends nothing to host "old" any more.
    private struct Sender: DeliverySender {
        func send(_ delivery: Delivery, _ body: [UInt8], at now: Timestamp) async throws -> WebhookSender.Outcome {
            .init(status: 200)
        }

        func maySend(to destination: String) -> Bool { destination != "http://old.test" }
        func close() async {}
    }

    private func record(_ host: String, at now: Timestamp) -> DestinationRecord {
        DestinationRecord(
            destination: "http://\(host).test", rate: 5, heldUntil: now.advanced(bySeconds: 3000), learntAt: now)
    }

    @Test("what was known of a destination to which nothing is sent any more holds nothing, and is replaced")
    func old() async throws {
        var bench = try CourierBench()
        bench.sender = Sender()
        let start = bench.clock.start
        for host in ["old", "present"] {
            await bench.outbox.know(record(host, at: start))
            await bench.add("evt_\(host)", to: "http://\(host).test/")
        }
        try await bench.run { [bench] courier in
            #expect(await eventually { await bench.outbox.deliveries["evt_old"]?.state == .delivered })
            #expect(await bench.outbox.deliveries["evt_present"]?.state == .pending)
            #expect(await courier.limiter.health(of: "http://present.test")?.pace.rate == 5)
            #expect(await eventually { await bench.outbox.known["http://old.test"]?.heldUntil == nil })
            #expect(await bench.outbox.known["http://present.test"]?.heldUntil == start.advanced(bySeconds: 3000))
        }
    }

    @Test("after the machine's clock was set back a hold is kept, and learnt, as that clock shows it")
    func setBack() async throws {
        let back = Shared(0.0)
        var bench = try CourierBench(wall: { clock in WallClock { clock.timestamp.advanced(bySeconds: -back.value) } })
        let sender = HeldSender { $0 == 1 ? .init(status: 429, error: "HTTP 429", retryAfter: "3000") : .init(status: 200) }
        sender.allowed.set(.max)
        bench.sender = sender
        await bench.add("evt_1", to: "http://a.test/")
        await bench.outbox.postpone("evt_1", to: bench.clock.timestamp.advanced(bySeconds: 30))
        let shown = try await bench.run { [bench] _ in
            // It has read the clock before that is set back.
            try await bench.clock.sleepers(1)
            back.value = 3600
            bench.clock.advance(by: .seconds(30) + .microseconds(2))
            let shown = bench.clock.timestamp.advanced(bySeconds: -3600)
            _ = try await bench.outbox.attempts(1)
            #expect(await eventually { await bench.outbox.known.count == 1 })
            let kept = await bench.outbox.known["http://a.test"]
            #expect(kept?.learntAt == shown && kept?.heldUntil == shown.advanced(bySeconds: 3000))
            return shown
        }
        // The next one begins with that clock.
        try await bench.run { [bench] courier in
            try await bench.clock.sleepers(1)
            #expect(await courier.limiter.health(of: "http://a.test")?.opensAt == shown.advanced(bySeconds: 3000))
            #expect(sender.sent.count == 1)
        }
    }
}
