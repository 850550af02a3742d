import JobQueue
import Logging
import SyncModel
import TestSupport
import Testing

@testable import Webhooks

@Suite("What is said of a destination's hold, and what a trial's 429 makes of it", .timeLimit(.minutes(5)))
struct DestinationHoldsTests {
    private static let host = "http://a.test"
    private static let waits = "notice Webhooks wait: their destination asks to wait"
    private static let goOn = "notice Webhooks go on: their destination takes them again"
    private let start = Timestamp(microseconds: 0)

    private func at(_ seconds: Double) -> Timestamp { start.advanced(bySeconds: seconds) }

    private static func asks(_ retryAfter: String?, _ quota: ReceiverQuota? = nil) -> WebhookSender.Outcome {
        var outcome = WebhookSender.Outcome(status: 429, error: "HTTP 429", retryAfter: retryAfter)
        outcome.quota = quota
        return outcome
    }

    /// A pace whose rate is known, of a destination that has just begun a window in which it takes no more.
    private func usedUp() -> DestinationPace {
        var pace = DestinationPace(rate: 8, waitsUntil: nil, at: start)
        pace.told(ReceiverQuota(remaining: 0, seconds: 3000), underWay: 0, at: start)
        return pace
    }

    @Test("lastError says when the hold ends, be it the wait or the window that ends later", arguments: [nil, "1", "2000"])
    func end(retryAfter: String?) async throws {
        let sender = HeldSender { _ in Self.asks(retryAfter, ReceiverQuota(remaining: 0, seconds: 900)) }
        sender.allowed.set(.max)
        var bench = try CourierBench()
        bench.sender = sender
        try await bench.run { [bench] courier in
            await bench.add("evt_0", to: Self.host)
            let attempt = try await bench.outbox.attempts(1)[0]
            let end = bench.clock.timestamp.advanced(bySeconds: retryAfter == "2000" ? 2000 : 900)
            #expect(attempt.error == "HTTP 429, waits until \(end.iso8601)")
            #expect(await courier.limiter.health(of: Self.host)?.pace.quietUntil == end)
            #expect(await eventually { await bench.outbox.known[Self.host]?.heldUntil == end })
        }
        #expect(bench.log.lines.count { $0 == Self.waits } == 1)
    }
}
