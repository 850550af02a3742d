import JobQueue
import SyncModel

/// The attempts at webhooks in a world: held to the patience with their destinations that the contract promises, and to what the queue
/// has on record.
///
/// What is known of a destination is a process's own, and ends with it. What an answer means is known to the courier a little after
/// the answer; until then it may begin other attempts.
struct WatchedDeliveries: Sendable {
    struct Attempt: Sendable, Hashable {
        /// Of the process that makes it.
        var life: Int
        /// Scheme, host and port.
        var origin: String
        /// Of the delivery.
        var id: String
        /// Which attempt it is, if it counts, from 1.
        var number: Int
    }

    enum Answer: Sendable, Hashable {
        case taken
        case failed
        case asksToWait(Duration)

        var wait: Duration? { if case .asksToWait(let wait) = self { wait } else { nil } }
    }

    private struct Origin: Hashable {
        var life: Int
        var name: String
    }

    private struct Patience {
        var hold: (since: Duration, until: Duration)?
        var failures = 0
        var lastTaken: Duration?
        /// When it went down, the probes that failed since, and the earliest time of the next one.
        var down: (since: Duration, probes: Int, next: Duration)?
        /// When attempts began that are under way.
        var underWay: [String: Duration] = [:]
    }

    private var patience: [Origin: Patience] = [:]
    /// What the queue has been told: attempts of each delivery that count.
    private var recorded: [String: Int] = [:]
    /// Leases of attempts that are being recorded: whether the queue has them is not known.
    private var recording: [String: Set<Int64>] = [:]
    /// By life and delivery the last answer to an attempt.
    private var answers: [Int: [String: (answer: Answer, number: Int)]] = [:]
    private(set) var someoneAskedToWait = false

    /// From an answer to what follows from it.
    private static let grace = Duration.seconds(2)
    /// Alarms are set in whole microseconds.
    private static let slack = Duration.milliseconds(1)
    /// As many failures in a row, and a destination is down.
    private static let failuresOfOneDown = 5

    // MARK: Attempts

    mutating func begins(_ attempt: Attempt, at now: Duration) -> String? {
        let origin = Origin(life: attempt.life, name: attempt.origin)
        var known = patience[origin] ?? Patience()
        defer {
            known.underWay[attempt.id] = now
            patience[origin] = known
        }
        if let hold = known.hold, hold.since + Self.grace < now, now + Self.slack < hold.until {
            return "\(attempt.id) is sent to \(attempt.origin), which asked at \(hold.since) to wait until \(hold.until)"
        }
        guard let down = known.down, down.since + Self.grace < now else { return nil }
        if now < down.next { return "\(attempt.id) is sent to \(attempt.origin), which is down, too early" }
        let isSecond = known.underWay.values.contains { down.since + Self.grace < $0 }
        return isSecond ? "two attempts at a time are made to \(attempt.origin), which is down" : nil
    }

    mutating func ended(_ attempt: Attempt, _ answer: Answer, at now: Duration) {
        let origin = Origin(life: attempt.life, name: attempt.origin)
        var known = patience[origin] ?? Patience()
        let began = known.underWay.removeValue(forKey: attempt.id) ?? now
        answers[attempt.life, default: [:]][attempt.id] = (answer, attempt.number)
        switch answer {
        case .taken:
            (known.failures, known.down, known.lastTaken) = (0, nil, now)
        case .asksToWait(let wait):
            someoneAskedToWait = true
            (known.failures, known.down) = (0, nil)
            if known.hold.map({ now + wait > $0.until }) ?? true { known.hold = (now, now + wait) }
        case .failed:
            if let down = known.down {
                // What was under way when it went down is no probe.
                guard down.since + Self.grace < began else { break }
                known.down = (down.since, down.probes + 1, now + Self.leastPause(after: down.probes + 1))
            } else if known.lastTaken.map({ $0 + Self.grace < now }) ?? true {
                known.failures += 1
                if known.failures == Self.failuresOfOneDown { known.down = (now, 0, now + Self.leastPause(after: 0)) }
            }
        }
        patience[origin] = known
    }

    /// Its process ended, or stops.
    mutating func brokeOff(_ attempt: Attempt) {
        patience[Origin(life: attempt.life, name: attempt.origin)]?.underWay[attempt.id] = nil
    }

    /// 5 s, then twice as long each time, 5 min at most; half of that, for they may be spread.
    private static func leastPause(after probes: Int) -> Duration { .seconds(min(5 << min(probes, 16), 300)) / 2 }

    // MARK: The record

    /// The result of an attempt is given to the queue, which may or may not get it.
    mutating func records(_ attempt: DeliveryAttempt, in life: Int) -> String? {
        let id = attempt.deliveryID
        recording[id, default: []].insert(attempt.lease.value)
        guard let (answer, number) = answers[life]?[id] else { return "\(id) was not answered" }
        if answer.wait != nil, attempt.next != .putOff { return "\(id) was asked to wait, and that counts as an attempt" }
        let least = DeliverySchedule.delay(afterAttempt: number, random: 0)
        switch attempt.next {
        case .retry(let at) where at.seconds(since: attempt.at) < least ?? 0: return "\(id) is to be sent again too early"
        case .dead: return "\(id) is dead before its time"
        case .delivered, .retry, .putOff: return nil
        }
    }

    mutating func refusedToRecord(_ attempt: DeliveryAttempt) {
        recording[attempt.deliveryID]?.remove(attempt.lease.value)
    }

    mutating func hasRecorded(_ attempt: DeliveryAttempt) {
        guard recording[attempt.deliveryID]?.remove(attempt.lease.value) != nil, attempt.next != .putOff else { return }
        recorded[attempt.deliveryID, default: 0] += 1
    }

    /// The queue says how many attempts a delivery has had.
    mutating func tells(_ delivery: Delivery) -> String? {
        let id = delivery.what.id
        let known = recorded[id] ?? 0
        let open = recording[id]?.count ?? 0
        guard known <= delivery.attempts, delivery.attempts <= known + open else {
            return "\(id) has \(delivery.attempts) attempts on record; \(known) were recorded"
        }
        if delivery.attempts > known {
            recorded[id] = delivery.attempts
            recording[id] = nil
        }
        return nil
    }
}
