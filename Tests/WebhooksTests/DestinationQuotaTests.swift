import JobQueue
import SyncModel
import TestSupport
import Testing

@testable import Webhooks

@Suite("What destinations say of how much more they take", .timeLimit(.minutes(5)))
struct DestinationQuotaTests {
    private let start = Timestamp(microseconds: 0)

    private func at(_ seconds: Double) -> Timestamp { start.advanced(bySeconds: seconds) }

    @Test(
        "one that says the same with each answer, as its window slides, is sent as much as it takes",
        arguments: [1.0, 10, 60, 900])
    func sliding(seconds: Double) {
        var simulation = PatienceSimulation(4000) { _ in .taken }
        simulation.quota = { _ in ReceiverQuota(remaining: 50, seconds: seconds) }
        simulation.run(until: 20)
        #expect(simulation.taken.count == 4000, "at 16 at a time, each of 50 ms")
    }

    @Test("no more is sent than it takes, though answers overtake each other by as many as can be under way")
    func overtaken() {
        var pace = DestinationPace()
        pace.told(ReceiverQuota(remaining: 1, seconds: 60), underWay: 0, at: start)
        pace.started(at: start)
        pace.told(ReceiverQuota(remaining: 16, seconds: 59), underWay: 0, at: at(1))
        #expect(pace.quietUntil == at(60))
        pace.told(ReceiverQuota(remaining: 40, seconds: 59), underWay: 10, at: at(1))
        #expect(pace.quietUntil == nil)
    }

    @Test("that it takes no more for long is kept as if it had asked to wait")
    func kept() {
        var health = DestinationHealth(CourierLimits())
        health.told(ReceiverQuota(remaining: 1, seconds: 3000), underWay: 0, at: start)
        var memory = DestinationMemory()
        memory.note("a", health, at: start, due: start)
        #expect(memory.take(at: start).isEmpty)
        health.started(at: start)
        memory.note("a", health, at: start, due: start)
        #expect(memory.take(at: start).map(\.heldUntil) == [at(3000)])
    }

    @Test(
        "for a callback it counts for an hour at most, for the configured address for a day",
        arguments: [(false, 3600.0), (true, 86_400)])
    func hour(isConfigured: Bool, longest: Double) throws {
        var limiter = DestinationLimiter(limits: CourierLimits()) { Issue.record("\($0)") }
        let what = DeliveryHead(
            id: "a", jobID: nil, type: "t", url: "https://a/x", isConfiguredURL: isConfigured, tenantID: nil, source: nil,
            traceparent: nil)
        var backlog = Backlog([
            Delivery(
                what: what, state: .pending, createdAt: start, attempts: 0, nextAttemptAt: start, lastAttemptAt: nil,
                deliveredAt: nil, lastStatus: nil, lastError: nil)
        ])
        limiter.look()
        let asked = limiter.nextQuery(at: start)
        let query = try #require(asked)
        limiter.add(backlog.lease(query, until: nil), for: query, askedAt: start, at: start)
        let started = limiter.start(at: start)
        let leased = try #require(started)
        limiter.sent(leased, .taken, quota: ReceiverQuota(remaining: 0, seconds: 86_400), at: start)
        #expect(limiter.health(of: "https://a")?.pace.quietUntil == at(longest))
    }

    @Test("that it takes no more is logged once for each time that it lasts longer than a minute, and not with each answer")
    func told() async throws {
        for (seconds, lines) in [(3000.0, 2), (50, 0)] {
            let sender = HeldSender { number in
                var outcome = WebhookSender.Outcome(status: 200)
                outcome.quota = ReceiverQuota(remaining: number < 5 ? 0 : 9, seconds: seconds)
                return outcome
            }
            var bench = try CourierBench()
            bench.sender = sender
            for n in 0..<3 { await bench.add("evt_\(n)", to: "http://a.test/") }
            try await bench.run { [bench] _ in
                // All at once at first, and each says so; then one.
                try await sender.begun.reaches(3)
                sender.allowed.set(.max)
                _ = try await bench.outbox.attempts(3)
                await bench.add("evt_3", to: "http://a.test/")
                await bench.add("evt_4", to: "http://a.test/")
                for _ in 0..<120 where sender.sent.count < 5 { try await bench.goOn(to: 60) }
                #expect(await eventually { await bench.outbox.attempts.count == 5 })
            }
            #expect(bench.log.lines.count { $0 == "notice Webhooks wait: their destination asks to wait" } == lines)
        }
    }
}
