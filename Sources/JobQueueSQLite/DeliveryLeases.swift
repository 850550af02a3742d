import JobQueue

/// The leases of deliveries. Only one process uses the file, so they are in memory: none costs a commit, and a crash ends them all.
struct DeliveryLeases: Sendable {
    private struct Held {
        /// `nil` once a write has ended it that is not committed yet: until then, reads still find the delivery due.
        var lease: DeliveryLease?
        var destination: String
    }

    private var held: [String: Held] = [:]
    private var counts: [String: Int] = [:]
    private var last: Int64 = 0

    func isHeld(_ id: String) -> Bool { held[id] != nil }

    /// How many deliveries of a destination are held.
    func count(of destination: String) -> Int { counts[destination] ?? 0 }

    /// - Parameter destination: as the table has it.
    mutating func take(_ delivery: Delivery, of destination: String) -> LeasedDelivery {
        last += 1
        let lease = DeliveryLease(value: last)
        held[delivery.what.id] = Held(lease: lease, destination: destination)
        counts[destination, default: 0] += 1
        return LeasedDelivery(delivery, lease: lease, expiresAt: nil)
    }

    /// Ends a lease by a write that is not committed yet.
    /// - Parameter lease: `nil` for whichever there is.
    /// - Returns: the lease; `nil` if it is not held.
    mutating func end(_ id: String, _ lease: DeliveryLease? = nil) -> DeliveryLease? {
        guard let present = held[id]?.lease, lease ?? present == present else { return nil }
        held[id]?.lease = nil
        return present
    }

    /// Undoes `end`.
    mutating func restore(_ id: String, _ lease: DeliveryLease) { held[id]?.lease = lease }

    /// The delivery may be leased again.
    mutating func free(_ id: String) {
        guard let destination = held.removeValue(forKey: id)?.destination, let count = counts[destination] else { return }
        counts[destination] = count > 1 ? count - 1 : nil
    }
}
