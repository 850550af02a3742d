import JobQueue
import SyncModel
import Testing

@testable import Webhooks

/// The courier's rules at work on a backlog of one destination, in simulated time: each attempt is answered after `latency`.
struct PatienceSimulation {
    private let host = "https://a"
    private let latency = 0.05
    private let answer: (_ at: Double) -> DestinationAnswer
    private var limiter: DestinationLimiter
    /// Due and not leased, the longest overdue last.
    private var waiting: [Delivery] = []
    private var later: [(at: Double, delivery: Delivery)] = []
    private var underWay: [(at: Double, leased: LeasedDelivery, answer: DestinationAnswer, quota: ReceiverQuota?)] = []
    private var lastLease: Int64 = 0

    private(set) var now: Double = 0
    private(set) var requests = 0
    /// When each was taken.
    private(set) var taken: [Double] = []
    private(set) var dead = 0
    /// Attempts recorded, other than those that delivered.
    private(set) var failures = 0
    /// What the receiver says of how much more it takes.
    var quota: ((_ at: Double) -> ReceiverQuota?)?
    /// A delivery that is always asked to wait a second.
    var neverTaken: String?

    /// - Parameter answer: what the receiver says to a request that arrives so many seconds after the start.
    init(_ count: Int, _ answer: @escaping (_ at: Double) -> DestinationAnswer) {
        self.answer = answer
        limiter = DestinationLimiter(limits: CourierLimits()) { Issue.record("\($0)") }
        for n in (0..<count).reversed() {
            let what = DeliveryHead(
                id: "\(n)", jobID: nil, type: "t", url: host, isConfiguredURL: true, tenantID: nil, source: nil, traceparent: nil)
            let start = Timestamp(microseconds: 0)
            waiting.append(
                Delivery(
                    what: what, state: .pending, createdAt: start, attempts: 0, nextAttemptAt: start, lastAttemptAt: nil,
                    deliveredAt: nil, lastStatus: nil, lastError: nil))
        }
    }

    /// Runs until nothing is left to do.
    /// - Parameter stop: or until so many seconds have passed.
    mutating func run(until stop: Double = .infinity) {
        begin()
        while let next = nextMoment(), next < stop { goOn(to: next) }
    }

    /// Runs two couriers beside each other.
    static func run(_ first: inout PatienceSimulation, _ second: inout PatienceSimulation, until stop: Double) {
        first.begin()
        second.begin()
        while let next = [first.nextMoment(), second.nextMoment()].compactMap(\.self).min(), next < stop {
            if first.nextMoment() == next { first.goOn(to: next) } else { second.goOn(to: next) }
        }
    }

    private mutating func begin() {
        limiter.look()
        startAll()
    }

    /// When it next has something to do.
    private mutating func nextMoment() -> Double? {
        let turn = limiter.nextTurn(after: moment(now)).map { $0.seconds(since: moment(0)) }
        return [underWay.first?.at, later.first?.at, turn].compactMap(\.self).min()
    }

    private mutating func goOn(to next: Double) {
        now = max(now, next)
        while let first = later.first, first.at <= now {
            waiting.insert(later.removeFirst().delivery, at: 0)
            limiter.look()
        }
        while let first = underWay.first, first.at <= now { end(underWay.removeFirst()) }
        startAll()
    }

    private func moment(_ seconds: Double) -> Timestamp { Timestamp(microseconds: Int64((seconds * 1_000_000).rounded(.up))) }

    private mutating func startAll() {
        repeat {
            while let leased = limiter.start(at: moment(now)) {
                requests += 1
                let isTakeable = leased.delivery.what.id != neverTaken
                let said = isTakeable ? answer(now) : .wait(seconds: 1)
                underWay.append((now + latency, leased, said, quota?(now)))
            }
            release()
        } while fetch()
    }

    private mutating func fetch() -> Bool {
        guard let query = limiter.nextQuery(at: moment(now)) else { return false }
        var leased: [LeasedDelivery] = []
        while leased.count < query.limit, !query.excludes(host), let delivery = waiting.popLast() {
            lastLease += 1
            leased.append(LeasedDelivery(delivery, lease: DeliveryLease(value: lastLease), expiresAt: nil))
        }
        limiter.add(leased, for: query, askedAt: moment(now), at: moment(now))
        release()
        return true
    }

    private mutating func release() {
        for leased in limiter.takeUnwanted().reversed() { waiting.append(leased.delivery) }
    }

    private mutating func end(_ attempt: (at: Double, leased: LeasedDelivery, answer: DestinationAnswer, quota: ReceiverQuota?)) {
        limiter.sent(attempt.leased, attempt.answer, quota: attempt.quota, at: moment(now))
        limiter.settled(attempt.leased)
        var delivery = attempt.leased.delivery
        switch attempt.answer {
        case .taken: taken.append(now)
        case .wait:
            // Due from now on, and so behind the others.
            waiting.insert(delivery, at: 0)
            limiter.look()
        case .failed, .refused:
            failures += 1
            delivery.attempts += 1
            guard let delay = DeliverySchedule.delay(afterAttempt: delivery.attempts, random: 0.5) else { return dead += 1 }
            later.append((now + delay, delivery))
            later.sort { $0.at < $1.at }
        }
    }
}
