import JobQueue
import SyncModel
import TestSupport
import Testing

@testable import Webhooks

/// What is given back to the outbox, and leased again.
extension DestinationLimiterTests {
    @Test("an attempt always ends before its lease: a delivery that has waited too long for that is leased anew")
    func waitedTooLong() throws {
        for attempt in [Duration.milliseconds(300), .seconds(15), .seconds(40)] {
            var limits = limits
            limits.attempt = attempt
            #expect(limits.longestWait > .zero && limits.longestWait + limits.attempt < limits.lease)
            var limiter = self.limiter(limits)
            var backlog = Backlog((0..<2).map { delivery("a\($0)", "a") })
            limiter.look()
            let first = limiter.nextQuery()
            let query = try #require(first)
            let end = now.advanced(bySeconds: limits.lease / .seconds(1))
            limiter.add(backlog.lease(query, until: end), for: query, askedAt: now, at: now)
            let last = now.advanced(bySeconds: limits.longestWait / .seconds(1))
            #expect(limiter.start(at: last)?.delivery.what.id == "a0")
            #expect(limiter.start(at: last.advanced(bySeconds: 0.001)) == nil)
            let unwanted = limiter.takeUnwanted()
            #expect(unwanted.map(\.delivery.what.id) == ["a1"] && limiter.takeUnwanted().isEmpty)
            backlog.release(unwanted)
            feed(&limiter, &backlog)
            #expect(limiter.start(at: last)?.delivery.what.id == "a1")
        }
    }

    @Test("one that is leased again while it waits is sent once, under its present lease; while it is being sent, once more")
    func leasedAgain() throws {
        var limiter = self.limiter(limits)
        var backlog = Backlog([delivery("a0", "a")])
        limiter.look()
        feed(&limiter, &backlog)
        for _ in 0..<2 {
            // As a redelivery does.
            backlog.held = [:]
            limiter.look()
            feed(&limiter, &backlog)
            let present = try #require(backlog.held["a0"])
            #expect(startAll(&limiter).map(\.lease) == [present])
        }
    }

    @Test("one whose lease ends while it waits is not sent under it; another lease of it, and others, are")
    func leaseEnds() throws {
        var limiter = self.limiter(limits)
        var backlog = Backlog([delivery("a0", "a"), delivery("b0", "b"), delivery("b1", "b")])
        limiter.look()
        feed(&limiter, &backlog)
        for id in ["a0", "b0"] { limiter.leaseEnded(id, try #require(backlog.held[id]), at: now) }
        limiter.leaseEnded("b1", DeliveryLease(value: -1), at: now)
        limiter.leaseEnded("c0", DeliveryLease(value: -1), at: now)
        #expect(startAll(&limiter).map(\.delivery.what.id) == ["b1"])
        #expect(!limiter.isIdle)
        backlog.held["a0"] = nil
        limiter.look()
        feed(&limiter, &backlog)
        let present = try #require(backlog.held["a0"])
        #expect(startAll(&limiter).map(\.lease) == [present])
    }

    @Test("what a destination has no room for is given back, and leased again when there is room")
    func overflow() {
        var limiter = self.limiter(limits)
        var first = Backlog([delivery("first", "a")])
        limiter.look()
        feed(&limiter, &first)
        for leased in startAll(&limiter) {
            limiter.sent(leased, isDelivered: false, isTrouble: true)
            limiter.settled(leased)
        }
        var backlog = Backlog((0..<10).map { delivery("a\($0)", "a") })
        limiter.look()
        feed(&limiter, &backlog)
        #expect(Set(backlog.held.keys) == ["a0", "a1"])
        var sent: [String] = []
        for _ in 0..<10 {
            for leased in startAll(&limiter) {
                sent.append(leased.delivery.what.id)
                // Now and then one of trouble, so that little is held ready.
                limiter.sent(leased, isDelivered: sent.count % 4 == 0, isTrouble: sent.count % 4 != 0)
                backlog.settle(leased)
                limiter.settled(leased)
            }
            feed(&limiter, &backlog)
        }
        #expect(sent == (0..<10).map { "a\($0)" })
    }

    @Test("what waits for a destination that asks to wait is given back, and leased again when that is over; others go on")
    func asksToWait() throws {
        var limiter = self.limiter(limits)
        var backlog = Backlog((0..<10).map { delivery("a\($0)", "a") })
        limiter.look()
        feed(&limiter, &backlog)
        let started = startAll(&limiter)
        #expect(started.count == limits.perNewDestination)
        for leased in started { limiter.sent(leased, .wait(seconds: 9), at: now) }
        backlog.release(limiter.takeUnwanted())
        #expect(Set(backlog.held.values) == Set(started.map(\.lease)))
        let end = now.advanced(bySeconds: 9)
        #expect(limiter.nextTurn(after: now) == end)
        backlog.waiting.append(delivery("b0", "b"))
        limiter.look()
        feed(&limiter, &backlog)
        #expect(startAll(&limiter).map(\.delivery.what.id) == ["b0"])
        #expect(limiter.nextQuery(at: end.advanced(bySeconds: -0.001)) == nil)
        let query = limiter.nextQuery(at: end)
        #expect(query?.excludes("https://a") == false)
        limiter.add(backlog.lease(try #require(query), until: nil), for: try #require(query), askedAt: end, at: end)
        #expect(limiter.start(at: end.advanced(bySeconds: -0.001)) == nil)
        #expect(limiter.start(at: end)?.delivery.what.destination == "https://a")
        #expect(limiter.start(at: end) == nil, "one at a time at first")
    }

    @Test("what arrives for a destination that has asked to wait meanwhile is given back, and takes no place of others")
    func asksToWaitMeanwhile() throws {
        var limiter = self.limiter(limits)
        var backlog = Backlog([delivery("first", "a")])
        limiter.look()
        feed(&limiter, &backlog)
        let started = startAll(&limiter)
        backlog.waiting += (0..<5).map { delivery("a\($0)", "a") } + [delivery("b0", "b")]
        limiter.look()
        let asked = limiter.nextQuery(at: now)
        let query = try #require(asked)
        let leased = backlog.lease(query, until: nil)
        let (answeredAt, end) = (now.advanced(bySeconds: 0.01), now.advanced(bySeconds: 86_400))
        for one in started { limiter.sent(one, .wait(seconds: 86_399.99), at: answeredAt) }
        limiter.add(leased, for: query, askedAt: now, at: answeredAt)
        #expect(limiter.ready == ["b0": "https://b"])
        let unwanted = limiter.takeUnwanted()
        #expect(Set(unwanted.map(\.delivery.what.id)) == ["a0", "a1", "a2", "a3", "a4"])
        #expect(limiter.nextTurn(after: answeredAt) == end)
        let next = limiter.nextQuery(at: end)
        #expect(next?.excludes("https://a") == false)
    }
}
