import SyncModel
import Testing

@testable import Webhooks

@Suite("Destination health")
struct DestinationHealthTests {
    let limits = CourierLimits()
    private let start = Timestamp(microseconds: 0)

    private func at(_ seconds: Double) -> Timestamp { start.advanced(bySeconds: seconds) }

    @Test("each delivery earns one more attempt at a time, up to the limit; trouble takes all but one")
    func transitions() {
        var health = DestinationHealth(limits)
        #expect(health.limit == limits.perNewDestination && !health.isTroubled)
        health.answered(.refused, at: start, limits)
        #expect(health == DestinationHealth(limits), "it works, and has taken nothing")
        for _ in 0..<50 { health.answered(.taken, at: start, limits) }
        #expect(health.limit == limits.perDestination)
        health.answered(.failed, at: start, limits)
        #expect(health.limit == 1 && health.isTroubled && health.opensAt == nil)
        health.answered(.refused, at: start, limits)
        #expect(health.limit == 1 && !health.isTroubled)
        health.answered(.taken, at: start, limits)
        #expect(health.limit == 2)
    }

    @Test("a destination of which nothing is known never has more than one that answers well")
    func narrow() {
        var limits = limits
        limits.perDestination = 2
        #expect(DestinationHealth(limits).limit == 2)
    }

    @Test("after five failures in a row it is down: probed after 5 s, then after twice as long each time, up to 5 minutes")
    func down() {
        var health = DestinationHealth(limits)
        for _ in 0..<4 { health.answered(.failed, at: start, limits) }
        #expect(!health.isDown && !health.isQuiet(at: start))
        health.answered(.taken, at: start, limits)
        for _ in 0..<4 { health.answered(.failed, at: start, limits) }
        #expect(!health.isDown)
        var probe: Double = 0
        for delay in [5, 10, 20, 40, 80, 160, 300, 300] as [Double] {
            // The probe fails, and with it, or a moment later, what had been under way with it.
            for late in [0, 0, 0.5] { health.answered(.failed, at: at(probe + late), limits) }
            #expect(health.isDown && health.opensAt == at(probe + delay))
            #expect(health.isQuiet(at: at(probe + delay - 1)) && !health.isQuiet(at: at(probe + delay)))
            probe += delay
        }
        health.answered(.taken, at: start, limits)
        #expect(!health.isDown && health.opensAt == nil)
    }

    @Test("what asks to wait gets nothing until then, however often it says so, and is no nearer to being down")
    func wait() {
        var health = DestinationHealth(limits)
        for seconds in [60, 30] as [Double] { health.answered(.wait(seconds: seconds), at: start, limits) }
        #expect(health.opensAt == at(60) && health.isQuiet(at: at(59)) && !health.isQuiet(at: at(60)))
        #expect(!health.isTroubled && !health.isDown && health.limit == 1)
        for _ in 0..<20 { health.answered(.wait(seconds: 1), at: start, limits) }
        #expect(!health.isDown && health.opensAt == at(60))
    }

    @Test("its answers are told apart")
    func answers() {
        func answer(_ status: Int?, retryAfter: String? = nil, isConfigured: Bool = true) -> DestinationAnswer {
            let outcome = WebhookSender.Outcome(status: status, error: status == 200 ? nil : "no", retryAfter: retryAfter)
            return DestinationAnswer(outcome, isConfiguredURL: isConfigured, now: start)
        }
        #expect(answer(200) == .taken && answer(404) == .refused)
        for status in [500, 503, 408, nil] { #expect(answer(status) == .failed) }
        #expect(answer(500, retryAfter: "7") == .failed && answer(503, retryAfter: "soon") == .failed)
        #expect(answer(429) == .wait(seconds: nil) && answer(429, retryAfter: "soon") == .wait(seconds: nil))
        #expect(answer(429, retryAfter: "7") == .wait(seconds: 7) && answer(503, retryAfter: "7") == .wait(seconds: 7))
        #expect(answer(429, retryAfter: "999999") == .wait(seconds: 86_400))
        #expect(answer(429, retryAfter: "999999", isConfigured: false) == .wait(seconds: 3600))
    }

    @Test("a trial that is taken ends what it asked for; what was under way before ends neither hold nor quota")
    func trialTaken() {
        for isTrial in [true, false] {
            var health = DestinationHealth(limits)
            health.answered(.taken, at: start, limits)
            health.answered(.wait(seconds: 5000), at: start, limits)
            let rate = health.pace.rate
            health.told(ReceiverQuota(remaining: 0, seconds: 7000), underWay: 0, at: start)
            health.answered(.taken, toTrial: isTrial, at: at(10), limits)
            #expect(health.isQuiet(at: at(10)) == !isTrial)
            #expect(health.pace.rate == rate)
            // Its rate grows again soon, and not only after the time for which it had asked.
            for n in 0..<100 { health.answered(.taken, at: at(20 + Double(n)), limits) }
            #expect((health.pace.rate != rate) == isTrial)
        }
    }

    @Test("a trial that is answered by 429 says how long it lasts from now, and nothing of the pace")
    func trialAsked() {
        var health = DestinationHealth(limits)
        for _ in 0..<20 { health.answered(.taken, at: start, limits) }
        health.answered(.wait(seconds: 5000), at: start, limits)
        let rate = health.pace.rate
        for (n, seconds) in [7.0, 9000, 20].enumerated() {
            health.answered(.wait(seconds: seconds), toTrial: true, at: at(Double(n)), limits)
            #expect(health.opensAt == at(Double(n) + seconds) && health.pace.rate == rate)
        }
        health.answered(.wait(seconds: nil), toTrial: true, at: at(3), limits)
        #expect(health.opensAt == at(22))
        health.answered(.wait(seconds: 0), toTrial: true, at: at(4), limits)
        #expect(health.opensAt == at(5))
    }
}
