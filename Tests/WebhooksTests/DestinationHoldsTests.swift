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

    @Test("a trial's 429 in a window that is used up says nothing of the pace, and without a time changes nothing")
    func untimed() {
        var pace = usedUp()
        let before = pace
        for n in 1...5 { pace.askedAgain(seconds: nil, at: at(Double(n))) }
        #expect(pace == before)
    }

    @Test("a trial's 429 with a time replaces what was said before, shorter or longer", arguments: [5.0, 9000])
    func replaced(seconds: Double) {
        var pace = usedUp()
        pace.askedAgain(seconds: seconds, at: at(10))
        #expect(pace.quietUntil == at(10 + seconds) && pace.rate == 8)
        pace.told(ReceiverQuota(remaining: 0, seconds: 50), underWay: 0, at: at(10))
        #expect(pace.quietUntil == at(10 + max(seconds, 50)))
    }

    @Test("a trial's 429 that comes after the hold waits for a second, and says nothing of the pace")
    func late() {
        var pace = DestinationPace(rate: 8, waitsUntil: at(2), at: start)
        for n in 1...5 {
            pace.askedAgain(seconds: nil, at: at(10 * Double(n)))
            #expect(pace.quietUntil == at(10 * Double(n) + 1) && pace.rate == 8)
        }
    }

    @Test("a trial's 429 that tells its window and no other time ends the hold with that")
    func windowOnly() async throws {
        let sender = HeldSender { $0 == 1 ? Self.asks("3000") : Self.asks(nil, ReceiverQuota(remaining: 0, seconds: 90)) }
        sender.allowed.set(.max)
        var bench = try CourierBench()
        bench.sender = sender
        try await bench.run { [bench] courier in
            await bench.add("evt_0", to: Self.host)
            _ = try await bench.outbox.attempts(1)
            await bench.outbox.redeliver("evt_0", at: bench.clock.timestamp)
            let attempt = try await bench.outbox.attempts(2)[1]
            let end = bench.clock.timestamp.advanced(bySeconds: 90)
            #expect(attempt.error == "HTTP 429, waits until \(end.iso8601)")
            #expect(await courier.limiter.health(of: Self.host)?.pace.quietUntil == end)
        }
    }

    @Test("after a hold was shortened and is over, that its destination goes on is logged, and so is the next hold")
    func logged() {
        let lines = TestLog()
        var log = CourierLog(Logger(label: "test") { _ in lines })
        log.held("a", until: at(3600), error: "", now: start)
        log.held("a", until: at(2), error: "", now: start)
        #expect(lines.lines == [Self.waits])
        log.goesOn("a", now: at(3))
        log.held("a", until: at(1800), error: "", now: at(4))
        #expect(lines.lines == [Self.waits, Self.goOn, Self.waits])
        log.goesOn("a", now: at(1801))
        #expect(lines.lines.count == 3)
    }

    @Test("a hold after a shortened one is logged though nothing was taken between; so is one that becomes much longer")
    func loggedAnew() {
        let lines = TestLog()
        var log = CourierLog(Logger(label: "test") { _ in lines })
        log.held("a", until: at(3600), error: "", now: start)
        log.held("a", until: at(2), error: "", now: start)
        log.held("a", until: at(1800), error: "", now: at(3))
        #expect(lines.lines.count == 2)
        log.held("a", until: at(1830), error: "", now: at(30))
        #expect(lines.lines.count == 2)
        log.held("a", until: at(4000), error: "", now: at(40))
        #expect(lines.lines.count == 3)
    }

    @Test("the courier logs a hold, that it is over sooner than that said, and the next hold")
    func told() async throws {
        let answers = ["3600", "2", nil, "1800"]
        let sender = HeldSender { number in answers[number - 1].map { Self.asks($0) } ?? .init(status: 200) }
        sender.allowed.set(.max)
        var bench = try CourierBench()
        bench.sender = sender
        try await bench.run { [bench] _ in
            await bench.add("evt_0", to: Self.host)
            _ = try await bench.outbox.attempts(1)
            await bench.outbox.redeliver("evt_0", at: bench.clock.timestamp)
            _ = try await bench.outbox.attempts(2)
            #expect(
                await eventually {
                    bench.clock.advance(by: .milliseconds(100))
                    return await bench.outbox.states == [.delivered: 1]
                })
            await bench.add("evt_1", to: Self.host)
            _ = try await bench.outbox.attempts(4)
        }
        #expect(bench.log.lines.filter { $0 == Self.waits || $0 == Self.goOn } == [Self.waits, Self.goOn, Self.waits])
    }
}
