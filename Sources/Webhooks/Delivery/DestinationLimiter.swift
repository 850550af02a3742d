import DequeModule
import JobQueue
import SyncModel

/// Decides which delivery is sent next, with a limit for each destination, so that a slow or dead one delays no other.
///
/// A value without a clock and without I/O: the courier reports what arrived, what was sent and with what result, and asks what to
/// do.
/// - A destination that answers well may have one more attempt at a time with every delivery, up to `perDestination`; one in
///   trouble may have a single one.
/// - Destinations in trouble share at most half of all attempts: however many hosts hang, the others go on.
/// - Few deliveries are held ready for a destination; one that is full is excluded from the next query of the outbox, so that its
///   backlog hides no other.
struct DestinationLimiter {
    private struct Destination {
        var health: DestinationHealth
        var sending = 0
        /// Fetched and not started, the longest overdue first.
        var ready: Deque<Delivery> = []
        /// The outbox may hold more than it was asked for.
        var mayHaveMore = false
    }

    private let limits: CourierLimits
    private let impossible: @Sendable (ImpossibleTransition) -> Void
    private var destinations: [String: Destination] = [:]
    /// Destinations with something ready, in the order of their turns.
    private var turns: Deque<String> = []
    private var sending = 0
    private var sendingTroubled = 0
    private var open = OpenDeliveries()
    private var ready: Set<String> = []
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

    /// What to ask the outbox.
    struct OutboxQuery: Sendable, Hashable {
        var limit: Int
        var excluding: Set<String>
        var excludingDestinations: Set<String>
    }

    var isIdle: Bool { open.isEmpty && ready.isEmpty }

    /// Notes that something may have become due.
    mutating func look() { mayAsk = true }

    /// The next query; `nil`: none for now.
    mutating func nextQuery() -> OutboxQuery? {
        guard mayAsk, open.count < Self.maxUnrecorded else { return nil }
        mayAsk = false
        var full: Set<String> = []
        for (name, destination) in destinations {
            let isFull = destination.ready.count >= capacity(destination)
            if isFull { full.insert(name) }
            destinations[name]?.mayHaveMore = isFull
        }
        return OutboxQuery(limit: Self.pageSize, excluding: open.ids.union(ready), excludingDestinations: full)
    }

    /// Takes the outbox's answer to `query`.
    mutating func add(_ due: [Delivery], for query: OutboxQuery) {
        for delivery in due {
            let id = delivery.what.id
            // It may have been started, or fetched twice, while the outbox was reading.
            guard !open.contains(id), !ready.contains(id) else { continue }
            let name = delivery.what.destination
            var destination = destinations[name] ?? Destination(health: DestinationHealth(limits))
            if destination.ready.count < capacity(destination) {
                if destination.ready.isEmpty { turns.append(name) }
                destination.ready.append(delivery)
                ready.insert(id)
            } else {
                // It stays in the outbox, and is fetched again when there is room.
                destination.mayHaveMore = true
            }
            destinations[name] = destination
        }
        if due.count >= query.limit { mayAsk = true }
    }

    /// The delivery to send now; `nil`: none, or the limits are reached.
    mutating func start() -> Delivery? {
        guard sending < limits.concurrent, open.count < Self.maxUnrecorded else { return nil }
        for (at, name) in turns.enumerated() {
            guard var destination = destinations[name], destination.sending < destination.health.limit else { continue }
            if destination.health.isTroubled, sendingTroubled >= max(1, limits.concurrent / 2) { continue }
            let delivery = destination.ready.removeFirst()
            ready.remove(delivery.what.id)
            if destination.mayHaveMore, destination.ready.count <= capacity(destination) / 4 { mayAsk = true }
            destinations[name] = destination
            turns.remove(at: at)
            if !destination.ready.isEmpty { turns.append(name) }
            do throws(ImpossibleTransition) {
                try open.start(delivery.what.id)
            } catch {
                impossible(error)
                return start()
            }
            destinations[name]?.sending += 1
            sending += 1
            if destination.health.isTroubled { sendingTroubled += 1 }
            return delivery
        }
        return nil
    }

    /// Notes that an attempt has its answer; it stays open until it is `settled`.
    mutating func sent(_ delivery: Delivery, isDelivered: Bool, isTrouble: Bool) {
        let name = delivery.what.destination
        guard var destination = destinations[name], destination.sending > 0 else {
            return impossible(
                ImpossibleTransition(.delivery, delivery.what.id, in: "not counted at its destination", met: "sent"))
        }
        do throws(ImpossibleTransition) {
            try open.sent(delivery.what.id)
        } catch {
            return impossible(error)
        }
        sending -= 1
        destination.sending -= 1
        let wasTroubled = destination.health.isTroubled
        if wasTroubled { sendingTroubled -= 1 }
        if isTrouble {
            destination.health.troubled()
        } else if isDelivered {
            destination.health.delivered(limits)
        } else {
            destination.health.refused()
        }
        // Attempts still under way count by the present state of their destination.
        if wasTroubled != destination.health.isTroubled {
            sendingTroubled += destination.health.isTroubled ? destination.sending : -destination.sending
        }
        destinations[name] = destination
        if destinations.count > Self.maxIdle {
            destinations = destinations.filter { $0.value.sending > 0 || !$0.value.ready.isEmpty }
        }
    }

    /// The result of the attempt is on disk.
    mutating func settled(_ id: String) {
        let wasFull = open.count >= Self.maxUnrecorded
        do throws(ImpossibleTransition) {
            try open.settled(id)
        } catch {
            return impossible(error)
        }
        if wasFull { mayAsk = true }
    }

    private func capacity(_ destination: Destination) -> Int { destination.health.isTroubled ? 2 : Self.pageSize }
}
