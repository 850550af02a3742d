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
/// - Destinations in trouble share at most half of all attempts: however many hosts hang, the others go on.
/// - Few deliveries are held ready for a destination; one that is full is excluded from the next query of the outbox, so that its
///   backlog hides no other.
/// - A delivery that has waited too long is not started: its lease must outlast the attempt.
struct DestinationLimiter {
    struct Destination {
        var health: DestinationHealth
        var sending = 0
        /// Leased and not started, the longest overdue first.
        var ready: Deque<Ready> = []
        /// The outbox may hold more than it was asked for.
        var mayHaveMore = false

        /// Whether it may have one more attempt, but for the time.
        var hasPlace: Bool { sending < (health.isDown ? 1 : health.limit) }
        var capacity: Int { health.capacity(of: DestinationLimiter.pageSize) }
    }

    struct Ready {
        var leased: LeasedDelivery
        /// No attempt begins later: it might not end before the lease does. `nil` if the lease ends with the process.
        var startsBy: Timestamp?
    }

    private let limits: CourierLimits
    private let impossible: @Sendable (ImpossibleTransition) -> Void
    private(set) var destinations: [String: Destination] = [:]
    /// Destinations with something ready, in the order of their turns.
    private var turns: Deque<String> = []
    private var sending = 0
    private var sendingTroubled = 0
    private var open = OpenDeliveries()
    /// The destination of each delivery that is ready.
    private var ready: [String: String] = [:]
    /// Leased, and not to be sent under this lease.
    private var unwanted: [LeasedDelivery] = []
    private var mayAsk = false

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

    /// The next query; `nil`: none for now.
    mutating func nextQuery(at now: Timestamp) -> DeliveryQuery? {
        guard open.count < Self.maxUnrecorded, mayAsk || destinations.values.contains(where: { isToBeAsked($0, at: now) })
        else { return nil }
        mayAsk = false
        var full: Set<String> = []
        for (name, destination) in destinations {
            let isFull =
                destination.ready.count >= destination.capacity || destination.health.isQuiet(at: now)
                || (destination.health.isDown && !destination.hasPlace)
            if isFull { full.insert(name) }
            destinations[name]?.mayHaveMore = isFull
        }
        return DeliveryQuery(limit: Self.pageSize, excluded: [full])
    }

    /// Whether its deliveries were left in the outbox while it was quiet, and it is so no more.
    private func isToBeAsked(_ destination: Destination, at now: Timestamp) -> Bool {
        destination.mayHaveMore && destination.ready.isEmpty && destination.hasPlace && !destination.health.isQuiet(at: now)
    }

    /// When it next has something to do though nothing arrives and nothing is answered; `nil`: never.
    func nextTurn(after now: Timestamp) -> Timestamp? {
        destinations.values.lazy.compactMap { destination -> Timestamp? in
            guard destination.hasPlace, !destination.ready.isEmpty || destination.mayHaveMore else { return nil }
            return destination.health.opensAt.flatMap { $0 > now ? $0 : nil }
        }.min()
    }

    /// Takes the outbox's answer to `query`.
    /// - Parameter now: when it was asked for the leases, by the courier's clock.
    mutating func add(_ due: [LeasedDelivery], for query: DeliveryQuery, askedAt now: Timestamp) {
        let startsBy = now.advanced(bySeconds: limits.longestWait / .seconds(1))
        for leased in due {
            let name = leased.delivery.what.destination
            var destination = destinations[name] ?? Destination(health: DestinationHealth(limits))
            let next = Ready(leased: leased, startsBy: leased.expiresAt == nil ? nil : startsBy)
            if ready[leased.delivery.what.id] != nil {
                // The lease that it waits under is lost: it was redelivered, or the lease ran out.
                let isSame: (Ready) -> Bool = { $0.leased.delivery.what.id == leased.delivery.what.id }
                if let at = destination.ready.firstIndex(where: isSame) { destination.ready[at] = next }
            } else if destination.ready.count < destination.capacity {
                if destination.ready.isEmpty { turns.append(name) }
                destination.ready.append(next)
                ready[leased.delivery.what.id] = name
            } else {
                // It goes back to the outbox, and is leased again when there is room.
                unwanted.append(leased)
                destination.mayHaveMore = true
            }
            destinations[name] = destination
        }
        if due.count >= query.limit { mayAsk = true }
    }

    /// Notes that a lease has ended without an attempt: the delivery that waits under it is not sent before it is leased again.
    mutating func leaseEnded(_ id: String, _ lease: DeliveryLease) {
        guard let name = ready[id], let waiting = destinations[name]?.ready,
            let at = waiting.firstIndex(where: { $0.leased.delivery.what.id == id && $0.leased.lease == lease })
        else { return }
        destinations[name]?.ready.remove(at: at)
        ready[id] = nil
        if waiting.count == 1 { turns.removeAll { $0 == name } }
    }

    /// The delivery to send now; `nil`: none, or the limits are reached.
    mutating func start(at now: Timestamp) -> LeasedDelivery? {
        guard sending < limits.concurrent, open.count < Self.maxUnrecorded else { return nil }
        while let (name, next) = takeReady(at: now) {
            if let startsBy = next.startsBy, startsBy < now {
                unwanted.append(next.leased)
                mayAsk = true
                continue
            }
            do throws(ImpossibleTransition) {
                try open.start(next.leased)
            } catch {
                impossible(error)
                continue
            }
            sending += 1
            destinations[name]?.sending += 1
            destinations[name]?.health.started(at: now)
            if destinations[name]?.health.isTroubled ?? false { sendingTroubled += 1 }
            return next.leased
        }
        return nil
    }

    /// Takes out the next delivery whose destination may have one more attempt.
    private mutating func takeReady(at now: Timestamp) -> (destination: String, Ready)? {
        for (at, name) in turns.enumerated() {
            guard var destination = destinations[name], destination.hasPlace else { continue }
            if let opensAt = destination.health.opensAt, opensAt > now { continue }
            if destination.health.isTroubled, sendingTroubled >= max(1, limits.concurrent / 2) { continue }
            let next = destination.ready.removeFirst()
            if destination.mayHaveMore, destination.ready.count <= destination.capacity / 4 { mayAsk = true }
            destinations[name] = destination
            turns.remove(at: at)
            if !destination.ready.isEmpty { turns.append(name) }
            ready[next.leased.delivery.what.id] = nil
            return (name, next)
        }
        return nil
    }

    /// Notes that an attempt has its answer; it stays open until it is `settled`.
    /// - Parameter answer: `nil` if the destination was not asked.
    mutating func sent(_ leased: LeasedDelivery, _ answer: DestinationAnswer?, at now: Timestamp) {
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
        sending -= 1
        destination.sending -= 1
        let wasTroubled = destination.health.isTroubled
        if wasTroubled { sendingTroubled -= 1 }
        if let answer { destination.health.answered(answer, at: now, limits) }
        // Attempts still under way count by the present state of their destination.
        if wasTroubled != destination.health.isTroubled {
            sendingTroubled += destination.health.isTroubled ? destination.sending : -destination.sending
        }
        if case .wait = answer { destination.mayHaveMore = true }
        destinations[name] = destination
        if destination.health.isQuiet(at: now) { giveBack(name) }
        if destinations.count > Self.maxIdle {
            destinations = destinations.filter { _, other in
                other.sending > 0 || !other.ready.isEmpty || other.mayHaveMore || other.health.isQuiet(at: now)
            }
        }
    }

    /// Gives back what waits for a destination that gets nothing for now: it is leased again when it does.
    private mutating func giveBack(_ name: String) {
        guard let waiting = destinations[name]?.ready, !waiting.isEmpty else { return }
        for next in waiting { ready[next.leased.delivery.what.id] = nil }
        unwanted += waiting.map(\.leased)
        destinations[name]?.ready = []
        destinations[name]?.mayHaveMore = true
        turns.removeAll { $0 == name }
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
    mutating func stop() {
        for name in turns { unwanted += destinations[name]?.ready.map(\.leased) ?? [] }
        for name in turns { destinations[name]?.ready = [] }
        turns = []
        ready = [:]
    }

    /// What is to be released.
    mutating func takeUnwanted() -> [LeasedDelivery] {
        defer { unwanted = [] }
        return unwanted
    }
}
