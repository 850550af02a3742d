import JobQueue
import SyncModel

/// Which delivery is sent next: a lane for each destination, so that one that is slow or dead delays no other.
///
/// A value without a clock and without I/O: the courier tells it what came, what went and how it went, and asks what to do.
/// - A lane that answers well widens by one with every delivery, up to `perDestination`; one in trouble is narrowed to 1.
/// - Lanes in trouble have at most half of all places together: however many hosts hang, the others go on.
/// - A lane holds few deliveries ready; one that is full is left out of the next question to the outbox, which so sees past its
///   backlog.
struct DeliveryLanes {
    private struct Lane {
        var width: Int
        var sending = 0
        var isTroubled = false
        /// Fetched and not started, the longest due first.
        var ready: [Delivery] = []
        /// The outbox may hold more of this lane than it was asked for.
        var mayHaveMore = false
    }

    private let limits: CourierLimits
    private var lanes: [String: Lane] = [:]
    /// Lanes with something ready, in the order in which they have their turn.
    private var turns: [String] = []
    private var sending = 0
    private var sendingTroubled = 0
    /// Ids that are sent or being recorded.
    private var open: Set<String> = []
    private var ready: Set<String> = []
    private var mayAsk = false

    /// Deliveries asked for at once, and held ready by a lane that answers well.
    static let pageSize = 64
    /// Attempts made whose record is not on disk yet, at most: where the outbox cannot write, sending stops.
    static let maxUnrecorded = 256
    /// Lanes remembered though nothing goes on in them.
    static let maxIdleLanes = 1024

    init(limits: CourierLimits) { self.limits = limits }

    /// A question to the outbox.
    struct Wish: Sendable, Hashable {
        var limit: Int
        var excluding: Set<String>
        var excludingDestinations: Set<String>
    }

    var isIdle: Bool { open.isEmpty && ready.isEmpty }

    /// Something may have become due.
    mutating func look() { mayAsk = true }

    /// What to ask the outbox; `nil`: nothing for now.
    mutating func wish() -> Wish? {
        guard mayAsk, open.count < Self.maxUnrecorded else { return nil }
        mayAsk = false
        var full: Set<String> = []
        for (name, lane) in lanes {
            let isFull = lane.ready.count >= capacity(lane)
            if isFull { full.insert(name) }
            lanes[name]?.mayHaveMore = isFull
        }
        return Wish(limit: Self.pageSize, excluding: open.union(ready), excludingDestinations: full)
    }

    /// Takes the outbox's answer.
    mutating func add(_ due: [Delivery], for wish: Wish) {
        for delivery in due {
            let id = delivery.what.id
            // It may have been started, or asked for twice, while the outbox was reading.
            guard !open.contains(id), !ready.contains(id) else { continue }
            let name = delivery.what.destination
            var lane = lanes[name] ?? Lane(width: min(limits.perNewDestination, limits.perDestination))
            if lane.ready.count < capacity(lane) {
                if lane.ready.isEmpty { turns.append(name) }
                lane.ready.append(delivery)
                ready.insert(id)
            } else {
                // Left where it is; it will be asked for again when there is room.
                lane.mayHaveMore = true
            }
            lanes[name] = lane
        }
        if due.count >= wish.limit { mayAsk = true }
    }

    /// The delivery to be sent now; `nil`: none, or no place.
    mutating func start() -> Delivery? {
        guard sending < limits.concurrent, open.count < Self.maxUnrecorded else { return nil }
        for (at, name) in turns.enumerated() {
            guard var lane = lanes[name], lane.sending < lane.width else { continue }
            if lane.isTroubled, sendingTroubled >= max(1, limits.concurrent / 2) { continue }
            let delivery = lane.ready.removeFirst()
            lane.sending += 1
            if lane.mayHaveMore, lane.ready.count <= capacity(lane) / 4 { mayAsk = true }
            lanes[name] = lane
            turns.remove(at: at)
            if !lane.ready.isEmpty { turns.append(name) }
            sending += 1
            if lane.isTroubled { sendingTroubled += 1 }
            ready.remove(delivery.what.id)
            open.insert(delivery.what.id)
            return delivery
        }
        return nil
    }

    /// An attempt has its answer; it stays open until it is `settled`.
    mutating func sent(_ delivery: Delivery, isDelivered: Bool, isTrouble: Bool) {
        let name = delivery.what.destination
        guard var lane = lanes[name] else { return }
        sending -= 1
        lane.sending -= 1
        if lane.isTroubled { sendingTroubled -= 1 }
        let wasTroubled = lane.isTroubled
        if isTrouble {
            lane.width = 1
            lane.isTroubled = true
        } else {
            lane.isTroubled = false
            if isDelivered { lane.width = min(lane.width + 1, limits.perDestination) }
        }
        // The attempts still under way in this lane count as what the lane is now.
        if wasTroubled != lane.isTroubled { sendingTroubled += lane.isTroubled ? lane.sending : -lane.sending }
        lanes[name] = lane
        if lanes.count > Self.maxIdleLanes { lanes = lanes.filter { $0.value.sending > 0 || !$0.value.ready.isEmpty } }
    }

    /// What came of the attempt is on disk.
    mutating func settled(_ id: String) {
        if open.count == Self.maxUnrecorded { mayAsk = true }
        open.remove(id)
    }

    private func capacity(_ lane: Lane) -> Int { lane.isTroubled ? 2 : Self.pageSize }
}
