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
            what: NewDelivery(
                id: id, jobID: nil, type: "t", url: "https://\(host)/x", isConfiguredURL: true, body: [], tenantID: nil,
                source: nil,
                traceparent: nil),
            state: .pending, createdAt: Timestamp(microseconds: 0), attempts: 0, nextAttemptAt: Timestamp(microseconds: 0),
            lastAttemptAt: nil, deliveredAt: nil, lastStatus: nil, lastError: nil)
    }

    /// A limiter under which no impossible move may be made.
    func limiter() -> DestinationLimiter { DestinationLimiter(limits: limits) { Issue.record("\($0)") } }

    /// Answers queries from `backlog` as the outbox would, until there are none.
    func feed(_ limiter: inout DestinationLimiter, _ backlog: [Delivery]) -> Int {
        var questions = 0
        while let query = limiter.nextQuery() {
            questions += 1
            let due = backlog.filter {
                !query.excluding.contains($0.what.id) && !query.excludingDestinations.contains($0.what.destination)
            }
            limiter.add(Array(due.prefix(query.limit)), for: query)
        }
        return questions
    }

    func startAll(_ limiter: inout DestinationLimiter) -> [Delivery] {
        var started: [Delivery] = []
        while let delivery = limiter.start() { started.append(delivery) }
        return started
    }

    @Test("nothing is asked unless something may be due")
    func quiet() {
        var limiter = limiter()
        #expect(limiter.nextQuery() == nil)
        limiter.look()
        #expect(limiter.nextQuery() != nil)
        #expect(limiter.nextQuery() == nil)
    }

    @Test("a backlog of one destination hides no other")
    func backlog() {
        var limiter = limiter()
        limiter.look()
        let questions = feed(&limiter, (0..<1000).map { delivery("a\($0)", "a") } + [delivery("b", "b")])
        #expect(questions < 5)
        let started = startAll(&limiter)
        #expect(started.filter { $0.what.destination == "https://a" }.count == limits.perNewDestination)
        #expect(started.contains { $0.what.id == "b" })
    }

    @Test("all of a long backlog is sent, each once, in order")
    func drains() {
        var limiter = limiter()
        var backlog = (0..<500).map { delivery("a\($0)", "a") }
        var sent: [String] = []
        limiter.look()
        while !backlog.isEmpty {
            _ = feed(&limiter, backlog)
            let started = startAll(&limiter)
            guard !started.isEmpty else { break }
            for delivery in started {
                sent.append(delivery.what.id)
                limiter.sent(delivery, isDelivered: true, isTrouble: false)
                backlog.removeAll { $0.what.id == delivery.what.id }
                limiter.settled(delivery.what.id)
            }
        }
        #expect(sent == (0..<500).map { "a\($0)" })
        #expect(limiter.isIdle)
    }

    @Test("a destination's limit grows with what is delivered, and trouble narrows it to one")
    func width() {
        var limiter = limiter()
        let backlog = (0..<400).map { delivery("a\($0)", "a") }
        limiter.look()
        var widths: [Int] = []
        var open: [Delivery] = []
        for _ in 0..<30 {
            _ = feed(&limiter, backlog)
            open += startAll(&limiter)
            widths.append(open.count)
            let done = open.removeFirst()
            limiter.sent(done, isDelivered: true, isTrouble: false)
        }
        #expect(widths.first == limits.perNewDestination)
        #expect(widths.max() == limits.perDestination && widths.last == limits.perDestination)
        for delivery in open { limiter.sent(delivery, isDelivered: false, isTrouble: true) }
        #expect(startAll(&limiter).count == 1)
    }

    @Test("destinations in trouble have half of all places together")
    func manyDead() {
        var limiter = limiter()
        let hosts = (0..<200).map { "dead\($0)" }
        // Each host fails once.
        for host in hosts {
            limiter.look()
            _ = feed(&limiter, [delivery("first-\(host)", host)])
            for delivery in startAll(&limiter) {
                limiter.sent(delivery, isDelivered: false, isTrouble: true)
                limiter.settled(delivery.what.id)
            }
        }
        limiter.look()
        let backlog = hosts.map { delivery("second-\($0)", $0) } + (0..<40).map { delivery("g\($0)", "good\($0)") }
        _ = feed(&limiter, backlog)
        let started = startAll(&limiter)
        #expect(started.filter { $0.what.id.hasPrefix("second") }.count == limits.concurrent / 2)
        #expect(started.count == limits.concurrent)
        // Places come back when attempts end, although the destination's trouble is over by then.
        for delivery in started {
            limiter.sent(delivery, isDelivered: true, isTrouble: false)
            limiter.settled(delivery.what.id)
        }
        #expect(startAll(&limiter).count == limits.concurrent / 2 + 8)
    }

    @Test("sending stops while too much is unrecorded")
    func unrecorded() {
        var limiter = limiter()
        let backlog = (0..<1000).map { delivery("a\($0)", "a") }
        limiter.look()
        var open: [String] = []
        while open.count < 1000 {
            _ = feed(&limiter, backlog)
            let started = startAll(&limiter)
            guard !started.isEmpty else { break }
            for delivery in started {
                limiter.sent(delivery, isDelivered: true, isTrouble: false)
                open.append(delivery.what.id)
            }
        }
        #expect(open.count == DestinationLimiter.maxUnrecorded)
        limiter.settled(open[0])
        _ = feed(&limiter, backlog)
        #expect(startAll(&limiter).count == 1)
    }

    @Test("an attempt that ends twice, was never begun, or counts at another destination is reported and changes nothing")
    func impossibleMoves() {
        let met = Shared<[ImpossibleTransition]>([])
        var limiter = DestinationLimiter(limits: limits) { met.value.append($0) }
        let (first, second) = (delivery("a1", "a"), delivery("b1", "b"))
        limiter.look()
        _ = feed(&limiter, [first, second])
        #expect(startAll(&limiter).count == 2)
        limiter.sent(second, isDelivered: true, isTrouble: false)
        // The limiter knows "b", but nothing is being sent to it; "c" it does not know.
        for host in ["b", "c"] { limiter.sent(delivery("a1", host), isDelivered: true, isTrouble: false) }
        limiter.sent(delivery("a2", "a"), isDelivered: true, isTrouble: true)
        limiter.settled("a1")
        limiter.sent(first, isDelivered: true, isTrouble: false)
        limiter.sent(first, isDelivered: true, isTrouble: false)
        limiter.settled("a1")
        limiter.settled("a1")
        #expect(
            met.value.map { "\($0.name) \($0.state): \($0.event)" } == [
                "a1 not counted at its destination: sent", "a1 not counted at its destination: sent", "a2 not open: sent",
                "a1 being sent: settled", "a1 not counted at its destination: sent", "a1 not open: settled",
            ])
        limiter.settled("b1")
        #expect(limiter.isIdle)
        // No place was lost or won.
        limiter.look()
        _ = feed(&limiter, (0..<2 * limits.concurrent).map { delivery("\($0)", "host\($0)") })
        #expect(startAll(&limiter).count == limits.concurrent)
    }
}
