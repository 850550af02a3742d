import DequeModule
import JobQueue
import SyncModel

/// Decides which delivery is sent next, with a limit for each destination, so that a slow or dead one delays no other.
///
/// A value without a clock and without I/O: the courier reports what arrived, what was sent and with what result, and asks what to
/// do.
/// - A destination that asks to wait, or is down, gets nothing until then; what was held ready for it goes back to the outbox.
/// - A destination that answers well may have one more attempt at a time with every delivery, up to `perDestination`; one in
///   trouble may have a single one.
/// - Destinations in trouble share at most half of all attempts, and with those not met yet three quarters: however many hosts hang,
///   those that answer go on.
/// - Few deliveries are held ready for a destination, and not many for all together; one that is full is excluded from the next query
///   of the outbox, so that its backlog hides no other.
/// - A delivery that has waited too long is not started: its lease must outlast the attempt.
struct DestinationLimiter {
    let limits: CourierLimits
    private let impossible: @Sendable (ImpossibleTransition) -> Void
    var destinations: [String: Destination] = [:]
    var index = DestinationIndex()
    private var lastTurn = 0
    private var sending = Counts()
    var open = OpenDeliveries()
    /// The destination of each delivery that is ready.
    var ready: [String: String] = [:]
    /// Leased, and not to be sent under this lease.
    var unwanted: [LeasedDelivery] = []
    var mayAsk = false
    /// Whether the last query left out, for others' sake, destinations in trouble, those not met yet, or those with something ready.
    var leftOut = (troubled: false, unmet: false, holding: false)

    /// Deliveries asked for at once, and held ready for a destination that answers well.
    static let pageSize = 64
    /// The most attempts whose record is not on disk yet: if the outbox cannot write, sending stops.
    static let maxUnrecorded = 256
    /// Destinations remembered although nothing is sent to them.
    static let maxIdle = 1024

    /// - Parameter impossible: called for each move of a delivery that its state does not allow; nothing else is done about it.
    init(limits: CourierLimits, impossible: @escaping @Sendable (ImpossibleTransition) -> Void) {
        self.limits = limits
        self.impossible = impossible
    }

    var isIdle: Bool { open.isEmpty && ready.isEmpty }

    /// Notes that something may have become due.
    mutating func look() { mayAsk = true }

    /// When it next has something to do though nothing arrives and nothing is answered; `nil`: never.
    mutating func nextTurn(after now: Timestamp) -> Timestamp? { index.nextOpening(after: now) }

    /// Notes what time has changed.
    mutating func pass(to now: Timestamp) {
        while let name = index.takeChanged(by: now) {
            if let destination = destinations[name] { index.note(name, destination, at: now) }
        }
    }

    mutating func set(_ name: String, _ destination: Destination, at now: Timestamp) {
        destinations[name] = destination
        index.note(name, destination, at: now)
    }

    /// Notes that a lease has ended without an attempt: the delivery that waits under it is not sent before it is leased again.
    mutating func leaseEnded(_ id: String, _ lease: DeliveryLease, at now: Timestamp) {
        guard let name = ready[id], var destination = destinations[name],
            let at = destination.ready.firstIndex(where: { $0.leased.delivery.what.id == id && $0.leased.lease == lease })
        else { return }
        destination.ready.remove(at: at)
        ready[id] = nil
        hasFewer(&destination)
        set(name, destination, at: now)
    }

    /// Holds a delivery ready.
    mutating func hold(_ next: Destination.Ready, for destination: inout Destination, _ name: String) {
        destination.ready.append(next)
        ready[next.leased.delivery.what.id] = name
        if destination.turn == nil { destination.turn = nextTurn() }
    }

    private mutating func nextTurn() -> Int {
        lastTurn += 1
        return lastTurn
    }

    /// Something that was ready for it is so no more.
    private mutating func hasFewer(_ destination: inout Destination) {
        if destination.ready.isEmpty { destination.turn = nil }
        let all = ready.count
        if leftOut.troubled, index.ready.troubled <= limits.ready / 4 * 3 / 4 { mayAsk = true }
        if leftOut.unmet, index.ready.unmet <= limits.ready / 2 * 3 / 4 { mayAsk = true }
        if leftOut.holding, destination.ready.isEmpty || all <= limits.ready / 2 * 3 / 4 { mayAsk = true }
    }

    /// The delivery to send now; `nil`: none, or the limits are reached.
    mutating func start(at now: Timestamp) -> LeasedDelivery? {
        guard mayStart else { return nil }
        pass(to: now)
        while let (name, next) = takeReady(at: now) {
            if let startsBy = next.startsBy, startsBy < now {
                unwanted.append(next.leased)
                mayAsk = true
                continue
            }
            if begin(next.leased, to: name, at: now) { return next.leased }
        }
        return nil
    }

    /// Notes that an attempt begins. False if it had begun before.
    /// - Parameter isWanted: by a person.
    mutating func begin(_ leased: LeasedDelivery, to name: String, isWanted: Bool = false, at now: Timestamp) -> Bool {
        do throws(ImpossibleTransition) {
            try open.start(leased)
        } catch {
            impossible(error)
            return false
        }
        guard var destination = destinations[name] else { return true }
        if isWanted, destination.isShut(at: now) { destination.trial = (leased.delivery.what.id, leased.lease) }
        destination.sending += 1
        destination.health.started(at: now)
        sending[destination.standing] += 1
        set(name, destination, at: now)
        return true
    }

    var mayStart: Bool {
        sending.good + sending.unmet + sending.troubled < limits.concurrent && open.count < Self.maxUnrecorded
    }

    /// The destination whose turn it is, with regard to how those in trouble and those not met yet may share the attempts.
    private mutating func nextInTurn() -> String? {
        let others = sending.unmet + sending.troubled < max(1, limits.concurrent * 3 / 4)
        let troubled = others && sending.troubled < max(1, limits.concurrent / 2)
        return index.nextTurn(unmet: others, troubled: troubled)
    }

    /// Takes out the next delivery whose destination may have one more attempt.
    private mutating func takeReady(at now: Timestamp) -> (destination: String, Destination.Ready)? {
        while let name = nextInTurn() {
            guard var destination = destinations[name], destination.isStartable(at: now) else {
                // It was when that was noted: the clock was set back a little since.
                index.passOver(name, destinations[name], at: now)
                continue
            }
            let next = destination.ready.removeFirst()
            ready[next.leased.delivery.what.id] = nil
            if destination.mayHaveMore, destination.ready.count <= destination.capacity / 4 { mayAsk = true }
            destination.turn = nextTurn()
            hasFewer(&destination)
            set(name, destination, at: now)
            return (name, next)
        }
        return nil
    }

    /// Notes that an attempt has its answer; it stays open until it is `settled`.
    /// - Parameters:
    ///   - answer: `nil` if the destination was not asked.
    ///   - quota: what the answer says of how much more the destination takes.
    mutating func sent(_ leased: LeasedDelivery, _ answer: DestinationAnswer?, quota: ReceiverQuota? = nil, at now: Timestamp) {
        let what = leased.delivery.what
        let name = what.destination
        guard var destination = destinations[name], destination.sending > 0 else {
            return impossible(ImpossibleTransition(.delivery, what.id, in: "not counted at its destination", met: "sent"))
        }
        do throws(ImpossibleTransition) {
            try open.sent(leased)
        } catch {
            return impossible(error)
        }
        // Attempts under way count by the present standing of their destination.
        sending[destination.standing] -= destination.sending
        destination.sending -= 1
        let isTrial = destination.endTrial(leased)
        let quota = quota?.within(DestinationAnswer.longestWait(isConfiguredURL: what.isConfiguredURL))
        if let answer {
            destination.health.answered(isTrial ? answer.timed(by: quota) : answer, toTrial: isTrial, at: now, limits)
            destination.isMet = true
        }
        if let quota { destination.health.told(quota, underWay: destination.sending, at: now) }
        sending[destination.standing] += destination.sending
        if destination.health.isQuiet(at: now) {
            destination.mayHaveMore = true
            giveBack(&destination)
        }
        set(name, destination, at: now)
        while destinations.count > Self.maxIdle, let idle = index.takeIdle() { destinations[idle] = nil }
    }

    /// Gives back what waits for a destination that gets nothing for now: it is leased again when it does.
    private mutating func giveBack(_ destination: inout Destination) {
        guard !destination.ready.isEmpty else { return }
        for next in destination.ready { ready[next.leased.delivery.what.id] = nil }
        unwanted += destination.ready.map(\.leased)
        (destination.ready, destination.mayHaveMore) = ([], true)
        hasFewer(&destination)
    }

    /// The result of the attempt is on disk, or its lease is lost.
    mutating func settled(_ leased: LeasedDelivery) {
        let wasFull = open.count >= Self.maxUnrecorded
        do throws(ImpossibleTransition) {
            try open.settled(leased)
        } catch {
            return impossible(error)
        }
        if wasFull { mayAsk = true }
    }

    /// Nothing more is started.
    mutating func stop(at now: Timestamp) {
        for name in index.holding {
            guard var destination = destinations[name] else { continue }
            giveBack(&destination)
            set(name, destination, at: now)
        }
    }

    /// What is to be released.
    mutating func takeUnwanted() -> [LeasedDelivery] {
        defer { unwanted = [] }
        return unwanted
    }
}
