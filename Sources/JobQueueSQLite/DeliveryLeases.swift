import JobQueue

/// The leases of deliveries. Only one process uses the file, so they are in memory: none costs a commit, and a crash ends them all.
///
/// A delivery is held while it is leased, and while a write that ends its lease or redelivers it is not committed yet: until the
/// commit, reads find its row as it was. A held delivery is leased to nobody.
struct DeliveryLeases: Sendable {
    private struct Held {
        /// `nil`: it was not leased when it was redelivered.
        var lease: DeliveryLease?
        var destination: String
        /// A write is ending the lease.
        var isEnding = false
        /// The lease was given back while a write was ending it.
        var isReleased = false
        /// Writes not committed yet after which the delivery is no longer held.
        var writes = 0
    }

    private var held: [String: Held] = [:]
    private var counts: [String: Int] = [:]
    private var last: Int64 = 0
    /// Deliveries no longer held since `startReading`; `nil` before and afterwards.
    private var freed: Set<String>?

    func isHeld(_ id: String) -> Bool { held[id] != nil }

    /// How many deliveries of a destination are held.
    func count(of destination: String) -> Int { counts[destination] ?? 0 }

    // MARK: Leasing

    /// Called before due deliveries are read from the table; `stopReading` must follow.
    mutating func startReading() { freed = [] }

    mutating func stopReading() { freed = nil }

    /// Leases deliveries read since `startReading`. One that is held now, or was since, is left out, as its row may have changed.
    /// Those that were not held at the start are being redelivered: they are signalled once that is decided.
    /// - Parameter due: with its destination as the table has it.
    mutating func take(_ due: [(destination: String, delivery: Delivery)], limit: Int) -> [LeasedDelivery] {
        let free = due.filter { held[$0.delivery.what.id] == nil && freed?.contains($0.delivery.what.id) != true }
        return free.prefix(limit).map { take($0.delivery, of: $0.destination) }
    }

    private mutating func take(_ delivery: Delivery, of destination: String) -> LeasedDelivery {
        last += 1
        let lease = DeliveryLease(value: last)
        hold(delivery.what.id, Held(lease: lease, destination: destination))
        return LeasedDelivery(delivery, lease: lease, expiresAt: nil)
    }

    /// Gives a lease back. If a write is ending it, the delivery stays held until that is decided.
    mutating func release(_ id: String, _ lease: DeliveryLease) {
        guard let present = held[id], present.lease == lease else { return }
        if present.isEnding { held[id]?.isReleased = true } else { free(id) }
    }

    // MARK: Writes, each followed by `committed` or `rolledBack`

    /// Ends a lease by a write. False if it is not held, or another write is ending it.
    mutating func startEnding(_ id: String, _ lease: DeliveryLease) -> Bool {
        guard let present = held[id], present.lease == lease, !present.isEnding else { return false }
        held[id]?.isEnding = true
        held[id]?.writes += 1
        return true
    }

    /// Holds a delivery while a write redelivers it.
    /// - Returns: the lease that this write ends.
    mutating func startRedelivery(_ id: String, of destination: String) -> DeliveryLease? {
        if held[id] == nil { hold(id, Held(lease: nil, destination: destination)) }
        held[id]?.writes += 1
        guard let present = held[id], !present.isEnding, let lease = present.lease else { return nil }
        held[id]?.isEnding = true
        return lease
    }

    mutating func committed(_ id: String) {
        held[id]?.writes -= 1
        if held[id]?.writes == 0 { free(id) }
    }

    /// - Parameter lease: what the write would have ended.
    mutating func rolledBack(_ id: String, keeping lease: DeliveryLease?) {
        held[id]?.writes -= 1
        if lease != nil { held[id]?.isEnding = false }
        guard let present = held[id], present.writes == 0 else { return }
        if present.lease == nil || present.isReleased { free(id) }
    }

    private mutating func hold(_ id: String, _ new: Held) {
        held[id] = new
        counts[new.destination, default: 0] += 1
    }

    private mutating func free(_ id: String) {
        guard let destination = held.removeValue(forKey: id)?.destination, let count = counts[destination] else { return }
        counts[destination] = count > 1 ? count - 1 : nil
        freed?.insert(id)
    }
}
