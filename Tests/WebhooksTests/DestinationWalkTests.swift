import JobQueue
import SyncModel
import TestSupport
import Testing

@testable import Webhooks

@Suite("Destination limiter beside a walk over all destinations")
struct DestinationWalkTests {
    @Test(
        "whatever happens in whatever order, it asks for, starts and gives back what a walk over all destinations would",
        arguments: Property.seeds(known: [1, 2, 3], fresh: 5))
    func agrees(_ seed: UInt64) throws {
        for round in 0..<4 as Range<UInt64> {
            var random = SeededGenerator(seed: seed &+ round &* 7919)
            var run = LimiterRun(destinations: Int.random(in: 1...60, using: &random), &random)
            for step in 0..<500 {
                run.step(&random)
                guard run.difference == nil else { break }
                if step % 100 == 0 { run.lookAgain() }
            }
            #expect(run.difference == nil, "seed \(seed), round \(round)")
        }
    }

    @Test("of destinations to which nothing is sent the one that has been idle longest is forgotten first")
    func forgets() {
        var limiter = DestinationLimiter(limits: CourierLimits()) { Issue.record("\($0)") }
        let now = Timestamp(microseconds: 0)
        for n in 0..<DestinationLimiter.maxIdle + 500 {
            limiter.look()
            guard let query = limiter.nextQuery(at: now) else { break }
            let delivery = LimiterRun.delivery("\(n)", of: n)
            let found = LeasedDelivery(delivery, lease: DeliveryLease(value: Int64(n)), expiresAt: nil)
            limiter.add([found], for: query, askedAt: now, at: now)
            guard let leased = limiter.start(at: now) else { break }
            limiter.sent(leased, .taken, at: now)
            limiter.settled(leased)
        }
        #expect(limiter.destinations.count == DestinationLimiter.maxIdle)
        #expect(limiter.destinations["https://host-499"] == nil && limiter.destinations["https://host-500"] != nil)
    }
}

/// One sequence of random events, told to both.
struct LimiterRun {
    private var limiter: DestinationLimiter
    private var plain: PlainLimiter
    private var backlog: Backlog
    private var underWay: [LeasedDelivery] = []
    private var unrecorded: [LeasedDelivery] = []
    private var now = Timestamp(microseconds: 0)
    /// What they disagreed on first.
    private(set) var difference: String?

    static func delivery(_ id: String, of destination: Int) -> Delivery {
        Delivery(
            what: DeliveryHead(
                id: id, jobID: nil, type: "t", url: "https://host-\(destination)/x", isConfiguredURL: true, tenantID: nil,
                source: nil, traceparent: nil),
            state: .pending, createdAt: Timestamp(microseconds: 0), attempts: 0, nextAttemptAt: Timestamp(microseconds: 0),
            lastAttemptAt: nil, deliveredAt: nil, lastStatus: nil, lastError: nil)
    }

    init(destinations: Int, _ random: inout SeededGenerator) {
        var limits = CourierLimits()
        limits.ready = [32, 64, 128, 1024].randomElement(using: &random) ?? 96
        limits.concurrent = Int.random(in: 1...40, using: &random)
        limiter = DestinationLimiter(limits: limits) { Issue.record("\($0)") }
        plain = PlainLimiter(limits: limits)
        backlog = Backlog(
            (0..<Int.random(in: 1...400, using: &random)).map { n in
                // A few have most of it.
                let few = Bool.random(using: &random) ? min(3, destinations) : destinations
                return Self.delivery("\(n)", of: Int.random(in: 0..<few, using: &random))
            })
    }

    mutating func lookAgain() {
        limiter.look()
        plain.look()
    }

    mutating func step(_ random: inout SeededGenerator) {
        switch Int.random(in: 0..<10, using: &random) {
        case 0: lookAgain()
        case 1: now = now.advanced(bySeconds: [0, 0.01, 0.2, 3, 40].randomElement(using: &random) ?? 0)
        case 2, 3: ask()
        case 4, 5, 6: start()
        case 7, 8: answer(&random)
        default: settle(&random)
        }
        let (turn, wanted) = (limiter.nextTurn(after: now), plain.nextTurn(after: now))
        compare("next turn", turn, wanted)
    }

    private mutating func compare<T: Equatable>(_ what: String, _ value: T, _ wanted: T) {
        if value != wanted, difference == nil { difference = "\(what): \(value), not \(wanted)" }
    }

    private mutating func ask() {
        // As the courier does: what was due by now is noted.
        let (query, wanted) = (limiter.nextQuery(at: now), plain.nextQuery(at: now))
        compare("limit", query?.limit, wanted?.limit)
        compare("of one", query?.perDestination, wanted?.perDestination)
        let names = (0..<60).map { "https://host-\($0)" }
        compare("excluded", names.filter { query?.excludes($0) ?? false }, names.filter { wanted?.excludes($0) ?? false })
        guard let query else { return }
        let leased = backlog.lease(query, until: nil)
        limiter.add(leased, for: query, askedAt: now, at: now)
        plain.add(leased, for: query)
        giveBack()
    }

    private mutating func start() {
        let leased = limiter.start(at: now)
        compare("started", leased?.delivery.what.id, plain.start(at: now)?.delivery.what.id)
        if let leased { underWay.append(leased) }
    }

    private mutating func answer(_ random: inout SeededGenerator) {
        guard !underWay.isEmpty else { return }
        let leased = underWay.remove(at: Int.random(in: 0..<underWay.count, using: &random))
        // Destinations with an odd number are in trouble mostly.
        let isBad = (leased.delivery.what.destination.utf8.last ?? 0) % 2 == 1
        let answers: [DestinationAnswer?] =
            isBad ? [.failed, .failed, .failed, .wait(seconds: 2), .taken] : [.taken, .taken, .taken, .refused, nil, .failed]
        let answer = answers.randomElement(using: &random) ?? nil
        limiter.sent(leased, answer, at: now)
        plain.sent(leased, answer, at: now)
        unrecorded.append(leased)
        giveBack()
    }

    private mutating func settle(_ random: inout SeededGenerator) {
        guard let leased = unrecorded.randomElement(using: &random) else { return }
        unrecorded.removeAll { $0.lease == leased.lease }
        limiter.settled(leased)
        plain.settled()
        if Bool.random(using: &random) { backlog.settle(leased) } else { backlog.release([leased]) }
    }

    private mutating func giveBack() {
        let (unwanted, wanted) = (limiter.takeUnwanted(), plain.takeUnwanted())
        compare("given back", Set(unwanted.map(\.lease)), Set(wanted.map(\.lease)))
        backlog.release(unwanted)
    }
}
