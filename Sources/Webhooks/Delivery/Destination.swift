import DequeModule
import JobQueue
import SyncModel

/// What the courier has and knows of a destination.
struct Destination {
    /// A delivery that waits for its attempt.
    struct Ready {
        var leased: LeasedDelivery
        /// No attempt begins later: it might not end before the lease does. `nil` if the lease ends with the process.
        var startsBy: Timestamp?
    }

    /// How it takes part in what destinations share.
    enum Standing {
        /// It has answered, and is not in trouble.
        case good
        /// No attempt has ended yet.
        case unmet
        case troubled
    }

    var health: DestinationHealth
    /// An attempt has ended.
    var isMet = false
    var sending = 0
    /// The attempt that was begun although it takes none for now, because a person wanted it.
    var trial: (delivery: String, lease: DeliveryLease)?
    /// Leased and not started, the longest overdue first.
    var ready: Deque<Ready> = []
    /// Its place among the destinations with something ready.
    var turn: Int?
    /// The outbox may hold more than it was asked for.
    var mayHaveMore = false

    var standing: Standing { health.isTroubled ? .troubled : isMet ? .good : .unmet }

    /// Whether it may have one more attempt, but for the time.
    var hasPlace: Bool { sending < (health.isDown ? 1 : health.limit) }
    /// As many as are held ready for it.
    var capacity: Int { min(health.capacity(of: DestinationLimiter.pageSize), isMet ? .max : Self.readyUnmet) }

    private static let readyUnmet = 8

    /// Whether it has something ready that may be sent now, but for the limits on all attempts.
    func isStartable(at now: Timestamp) -> Bool {
        !ready.isEmpty && hasPlace && health.opensAt.map { $0 <= now } ?? true
    }

    /// Whether it may have an attempt that a person wants, whatever it asked for: if it takes none for now, alone.
    func mayTry(at now: Timestamp) -> Bool { isShut(at: now) ? sending == 0 : hasPlace }

    /// Whether it takes none for now, or only probes.
    func isShut(at now: Timestamp) -> Bool { health.isDown || health.isQuiet(at: now) }

    /// Whether an attempt that has ended was its trial.
    mutating func endTrial(_ leased: LeasedDelivery) -> Bool {
        guard let trial, trial == (leased.delivery.what.id, leased.lease) else { return false }
        self.trial = nil
        return true
    }

    /// Whether nothing more of it is wanted for now.
    func isClosed(at now: Timestamp) -> Bool {
        ready.count >= capacity || health.isQuiet(at: now) || (health.isDown && !hasPlace)
    }

    /// Whether its deliveries were left in the outbox while it was quiet, and it is so no more.
    func isToBeAsked(at now: Timestamp) -> Bool { mayHaveMore && ready.isEmpty && hasPlace && !health.isQuiet(at: now) }

    /// Whether nothing is lost if it is forgotten.
    func isIdle(at now: Timestamp) -> Bool { sending == 0 && ready.isEmpty && !mayHaveMore && !health.isQuiet(at: now) }

    /// When it may have its next attempt, if that is later and there is something to send; `nil` otherwise.
    func opens(after now: Timestamp) -> Timestamp? {
        guard hasPlace, !ready.isEmpty || mayHaveMore else { return nil }
        return health.opensAt.flatMap { $0 > now ? $0 : nil }
    }

    /// When time alone next changes one of these answers.
    func changes(after now: Timestamp) -> Timestamp? {
        [health.opensAt, health.pace.waitsUntil].compactMap { $0.flatMap { $0 > now ? $0 : nil } }.min()
    }
}
