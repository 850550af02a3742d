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
    fileprivate mutating func nextQuery() -> DeliveryQuery? { nextQuery(at: Timestamp(microseconds: 0)) }

    fileprivate mutating func sent(_ leased: LeasedDelivery, isDelivered: Bool, isTrouble: Bool) {
        sent(leased, isTrouble ? .failed : isDelivered ? .taken : .refused, at: Timestamp(microseconds: 0))
    }
}
