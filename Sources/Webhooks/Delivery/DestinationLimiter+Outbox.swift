import DequeModule
import JobQueue
import SyncModel

/// What is asked of the outbox, and what is held ready of its answers.
///
/// At most `CourierLimits.ready` deliveries are held ready in all. While half of them are, a destination with something ready gets
/// nothing more, and the others little each, so that long backlogs keep nobody out. Destinations that may be slow to go hold no more
/// than their share: those in trouble a quarter, those not met yet half.
extension DestinationLimiter {
    /// The next query; `nil`: none for now.
    mutating func nextQuery(at now: Timestamp) -> DeliveryQuery? {
        pass(to: now)
        let room = limits.ready - ready.count
        guard open.count < Self.maxUnrecorded, room >= Self.pageSize / 4, mayAsk || !index.toBeAsked.isEmpty else { return nil }
        mayAsk = false
        var query = DeliveryQuery(limit: min(Self.pageSize, room), excluded: [index.closed])
        leftOut = (
            index.ready.troubled >= limits.ready / 4, index.ready.unmet >= limits.ready / 2, ready.count >= limits.ready / 2
        )
        if leftOut.unmet { query.only = index.met }
        if leftOut.troubled { query.excluded.append(index.troubled) }
        if leftOut.holding {
            query.excluded.append(index.holding)
            query.perDestination = ready.count < limits.ready / 4 * 3 ? 4 : 1
        }
        for name in index.newlyClosed { set(name, mayHaveMore: true, at: now) }
        for name in index.openWithMore { set(name, mayHaveMore: false, at: now) }
        return query
    }

    private mutating func set(_ name: String, mayHaveMore: Bool, at now: Timestamp) {
        guard var destination = destinations[name] else { return }
        destination.mayHaveMore = mayHaveMore
        set(name, destination, at: now)
    }

    /// Takes the outbox's answer to `query`.
    /// - Parameters:
    ///   - askedAt: when it was asked for the leases, by the courier's clock.
    ///   - now: the present time. What destinations answered since it was asked counts.
    ///   - known: what was known of a destination that is not any more, because too many were idle.
    mutating func add(
        _ due: [LeasedDelivery], for query: DeliveryQuery, askedAt: Timestamp, at now: Timestamp,
        known: (_ destination: String) -> DestinationRecord? = { _ in nil }
    ) {
        let startsBy = askedAt.advanced(bySeconds: limits.longestWait / .seconds(1))
        var counts: [String: Int] = [:]
        for leased in due {
            let name = leased.delivery.what.destination
            counts[name, default: 0] += 1
            var destination = destinations[name] ?? begin(known(name), at: now)
            add(
                Destination.Ready(leased: leased, startsBy: leased.expiresAt == nil ? nil : startsBy), to: &destination, name,
                at: now)
            if counts[name, default: 0] >= query.perDestination { destination.mayHaveMore = true }
            set(name, destination, at: now)
        }
        if due.count >= query.limit { mayAsk = true }
    }

    private mutating func add(
        _ next: Destination.Ready, to destination: inout Destination, _ name: String, at now: Timestamp
    ) {
        let id = next.leased.delivery.what.id
        if ready[id] != nil {
            // The lease that it waits under is lost: it was redelivered, or the lease ran out.
            if let at = destination.ready.firstIndex(where: { $0.leased.delivery.what.id == id }) { destination.ready[at] = next }
        } else if destination.ready.count < destination.capacity, !destination.health.isQuiet(at: now) {
            hold(next, for: &destination, name)
        } else {
            // It goes back to the outbox, and is leased again when there is room, or the destination gets something again.
            unwanted.append(next.leased)
            destination.mayHaveMore = true
        }
    }
}
