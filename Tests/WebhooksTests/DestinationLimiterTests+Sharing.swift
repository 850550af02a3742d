import JobQueue
import SyncModel
import TestSupport
import Testing

@testable import Webhooks

/// How destinations share what is sent and held ready.
extension DestinationLimiterTests {
    @Test("beside any number of hosts that were never met and hang, one that answers goes on, though it has waited less")
    func neverMet() throws {
        var limiter = self.limiter(limits)
        var first = Backlog([delivery("first", "good")])
        limiter.look()
        feed(&limiter, &first)
        for leased in startAll(&limiter) {
            limiter.sent(leased, isDelivered: true, isTrouble: false)
            limiter.settled(leased)
        }
        var backlog = Backlog((0..<2000).map { delivery("s\($0)", "silent\($0)") } + (0..<100).map { delivery("g\($0)", "good") })
        limiter.look()
        var sent: [String] = []
        for _ in 0..<100 {
            feed(&limiter, &backlog)
            for leased in startAll(&limiter) where leased.delivery.what.destination == "https://good" {
                sent.append(leased.delivery.what.id)
                limiter.sent(leased, isDelivered: true, isTrouble: false)
                backlog.settle(leased)
                limiter.settled(leased)
            }
        }
        #expect(sent == (0..<100).map { "g\($0)" })
    }

    @Test("however many wait for however many destinations, few are held ready in all; long backlogs keep nobody out")
    func bounded() throws {
        var limits = limits
        limits.ready = 128
        var limiter = self.limiter(limits)
        // Some with long backlogs, then many with a few.
        let long = (0..<600).map { delivery("long-\($0)", "long-\($0 % 6)") }
        var backlog = Backlog(long + (0..<400).map { delivery("many-\($0)", "many-\($0 % 200)") })
        limiter.look()
        let questions = feed(&limiter, &backlog)
        #expect(limiter.ready.count <= limits.ready && limiter.ready.count > limits.ready / 2)
        #expect(questions < 20)
        let holders = Set(limiter.ready.values)
        #expect(holders.count > 16, "\(holders.count)")
        // Whatever is being sent hangs; those in trouble hold little, however many there are.
        for _ in 0..<40 {
            for leased in startAll(&limiter) {
                limiter.sent(leased, isDelivered: false, isTrouble: true)
                backlog.release([leased])
                limiter.settled(leased)
            }
            limiter.look()
            feed(&limiter, &backlog)
            #expect(limiter.ready.count <= limits.ready)
            #expect(limiter.index.ready.troubled <= limits.ready / 4 + DestinationLimiter.pageSize)
        }
        backlog.waiting.insert(delivery("new", "never-met"), at: 0)
        limiter.look()
        feed(&limiter, &backlog)
        #expect(limiter.ready["new"] == "https://never-met")
    }
}
