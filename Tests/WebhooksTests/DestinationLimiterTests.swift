import JobQueue
import SyncModel
import TestSupport
import Testing

@testable import Webhooks

@Suite("Destination limiter")
struct DestinationLimiterTests {
    let limits = CourierLimits()

    func delivery(_ id: String, _ host: String) -> Delivery {
        Delivery(
            what: DeliveryHead(
                id: id, jobID: nil, type: "t", url: "https://\(host)/x", isConfiguredURL: true, tenantID: nil, source: nil,
                traceparent: nil),
            state: .pending, createdAt: Timestamp(microseconds: 0), attempts: 0, nextAttemptAt: Timestamp(microseconds: 0),
            lastAttemptAt: nil, deliveredAt: nil, lastStatus: nil, lastError: nil)
    }

    let now = Timestamp(microseconds: 0)

    /// A limiter under which no impossible move may be made.
    func limiter(_ limits: CourierLimits? = nil) -> DestinationLimiter {
        DestinationLimiter(limits: limits ?? self.limits) { Issue.record("\($0)") }
    }

    /// Answers queries from `backlog` as the outbox would, until there are none.
    @discardableResult
    func feed(_ limiter: inout DestinationLimiter, _ backlog: inout Backlog) -> Int {
        var questions = 0
        while let query = limiter.nextQuery() {
            questions += 1
            limiter.add(backlog.lease(query, until: nil), for: query, askedAt: now, at: now)
            backlog.release(limiter.takeUnwanted())
        }
        return questions
    }

    func startAll(_ limiter: inout DestinationLimiter) -> [LeasedDelivery] {
        var started: [LeasedDelivery] = []
        while let leased = limiter.start(at: now) { started.append(leased) }
        return started
    }

    @Test("destinations in trouble have half of all places together")
    func manyDead() {
        var limiter = self.limiter(limits)
        let hosts = (0..<200).map { "dead\($0)" }
        // Each host fails once.
        for host in hosts {
            limiter.look()
            var first = Backlog([delivery("first-\(host)", host)])
            feed(&limiter, &first)
            for leased in startAll(&limiter) {
                limiter.sent(leased, isDelivered: false, isTrouble: true)
                limiter.settled(leased)
            }
        }
        limiter.look()
        var backlog = Backlog(
            hosts.map { delivery("second-\($0)", $0) } + (0..<40).map { delivery("g\($0)", "good\($0)") })
        feed(&limiter, &backlog)
        let started = startAll(&limiter)
        #expect(started.filter { $0.delivery.what.id.hasPrefix("second") }.count == limits.concurrent / 2)
        // Nor do those that were never met have all the others.
        #expect(started.count == limits.concurrent * 3 / 4)
        // Places come back when attempts end, although the destination's trouble is over by then.
        for leased in started {
            limiter.sent(leased, isDelivered: true, isTrouble: false)
            limiter.settled(leased)
        }
        #expect(startAll(&limiter).count == limits.concurrent * 3 / 4)
    }

    @Test("nothing is asked unless something may be due")
    func quiet() {
        var limiter = self.limiter(limits)
        #expect(limiter.nextQuery() == nil)
        limiter.look()
        #expect(limiter.nextQuery() != nil)
        #expect(limiter.nextQuery() == nil)
    }

    @Test("a backlog of one destination hides no other")
    func backlog() {
        var limiter = self.limiter(limits)
        limiter.look()
        var backlog = Backlog((0..<1000).map { delivery("a\($0)", "a") } + [delivery("b", "b")])
        let questions = feed(&limiter, &backlog)
        #expect(questions < 5)
        let started = startAll(&limiter)
        #expect(started.filter { $0.delivery.what.destination == "https://a" }.count == limits.perNewDestination)
        #expect(started.contains { $0.delivery.what.id == "b" })
    }

    @Test("all of a long backlog is sent, each once, in order")
    func drains() {
        var limiter = self.limiter(limits)
        var backlog = Backlog((0..<500).map { delivery("a\($0)", "a") })
        var sent: [String] = []
        limiter.look()
        while !backlog.waiting.isEmpty {
            feed(&limiter, &backlog)
            let started = startAll(&limiter)
            guard !started.isEmpty else { break }
            for leased in started {
                sent.append(leased.delivery.what.id)
                limiter.sent(leased, isDelivered: true, isTrouble: false)
                backlog.settle(leased)
                limiter.settled(leased)
            }
        }
        #expect(sent == (0..<500).map { "a\($0)" })
        #expect(limiter.isIdle)
    }

    @Test("a destination's limit grows with what is delivered, and trouble narrows it to one")
    func width() {
        var limiter = self.limiter(limits)
        var backlog = Backlog((0..<400).map { delivery("a\($0)", "a") })
        limiter.look()
        var widths: [Int] = []
        var open: [LeasedDelivery] = []
        for _ in 0..<30 {
            feed(&limiter, &backlog)
            open += startAll(&limiter)
            widths.append(open.count)
            let done = open.removeFirst()
            limiter.sent(done, isDelivered: true, isTrouble: false)
        }
        #expect(widths.first == limits.perNewDestination)
        #expect(widths.max() == limits.perDestination && widths.last == limits.perDestination)
        // As many as do not make it down.
        for leased in open.dropLast(4) { limiter.sent(leased, isDelivered: true, isTrouble: false) }
        for leased in open.suffix(4) { limiter.sent(leased, isDelivered: false, isTrouble: true) }
        #expect(startAll(&limiter).count == 1)
    }

    @Test("sending stops while too much is unrecorded")
    func unrecorded() {
        var limiter = self.limiter(limits)
        var backlog = Backlog((0..<1000).map { delivery("a\($0)", "a") })
        limiter.look()
        var open: [LeasedDelivery] = []
        while open.count < 1000 {
            feed(&limiter, &backlog)
            let started = startAll(&limiter)
            guard !started.isEmpty else { break }
            for leased in started {
                limiter.sent(leased, isDelivered: true, isTrouble: false)
                open.append(leased)
            }
        }
        #expect(open.count == DestinationLimiter.maxUnrecorded)
        limiter.settled(open[0])
        feed(&limiter, &backlog)
        #expect(startAll(&limiter).count == 1)
    }

    @Test("an attempt that ends twice, was never begun, or counts at another destination is reported and changes nothing")
    func impossibleMoves() {
        let met = Shared<[ImpossibleTransition]>([])
        var limiter = DestinationLimiter(limits: limits) { met.value.append($0) }
        var backlog = Backlog([delivery("a1", "a"), delivery("b1", "b")])
        limiter.look()
        feed(&limiter, &backlog)
        let started = startAll(&limiter)
        #expect(started.map(\.delivery.what.id) == ["a1", "b1"])
        let (first, second) = (started[0], started[1])
        func stranger(_ id: String, _ host: String) -> LeasedDelivery {
            LeasedDelivery(delivery(id, host), lease: DeliveryLease(value: -1), expiresAt: nil)
        }
        limiter.sent(second, isDelivered: true, isTrouble: false)
        // The limiter knows "b", but nothing is being sent to it; "c" it does not know.
        for host in ["b", "c"] { limiter.sent(stranger("a1", host), isDelivered: true, isTrouble: false) }
        limiter.sent(stranger("a2", "a"), isDelivered: true, isTrouble: true)
        limiter.settled(first)
        limiter.sent(first, isDelivered: true, isTrouble: false)
        limiter.sent(first, isDelivered: true, isTrouble: false)
        limiter.settled(first)
        limiter.settled(first)
        #expect(
            met.value.map { "\($0.name) \($0.state): \($0.event)" } == [
                "a1 not counted at its destination: sent", "a1 not counted at its destination: sent", "a2 not open: sent",
                "a1 being sent: settled", "a1 not counted at its destination: sent", "a1 not open: settled",
            ])
        limiter.settled(second)
        #expect(limiter.isIdle)
        // No place was lost or won.
        var many = Backlog((0..<2 * limits.concurrent).map { delivery("\($0)", "host\($0)") })
        limiter.look()
        feed(&limiter, &many)
        #expect(startAll(&limiter).count == limits.concurrent * 3 / 4)
    }

    @Test("what is ready when sending stops is given back")
    func stop() {
        var limiter = self.limiter(limits)
        var backlog = Backlog((0..<20).map { delivery("a\($0)", "a") })
        limiter.look()
        feed(&limiter, &backlog)
        let started = startAll(&limiter)
        limiter.stop(at: now)
        backlog.release(limiter.takeUnwanted())
        #expect(Set(backlog.held.values) == Set(started.map(\.lease)))
        #expect(limiter.start(at: now) == nil)
    }
}

/// At a time that stands still.
extension DestinationLimiter {
    mutating func nextQuery() -> DeliveryQuery? { nextQuery(at: Timestamp(microseconds: 0)) }

    mutating func sent(_ leased: LeasedDelivery, isDelivered: Bool, isTrouble: Bool) {
        sent(leased, isTrouble ? .failed : isDelivered ? .taken : .refused, at: Timestamp(microseconds: 0))
    }
}
