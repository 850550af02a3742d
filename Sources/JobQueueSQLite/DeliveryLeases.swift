import JobQueue
import SyncModel

/// The leases of deliveries. Only one process uses the file, so they are in memory: none costs a commit, and a crash ends them all.
///
/// A delivery is held while it is leased, and while a write that ends its lease, redelivers it or makes it dead is not committed yet:
/// until the commit, reads find its row as it was. A held delivery is leased to nobody.
struct DeliveryLeases: Sendable {
    private struct Held {
        /// `nil`: it was not leased when it was redelivered, or when its time was over.
        var lease: DeliveryLease?
        var seq: Int64
        var destination: String
        /// When it is due, as the lease was taken; a time long past if it was not leased.
        var dueAt: Timestamp
        /// A write is ending the lease.
        var isEnding = false
        /// The lease was given back while a write was ending it.
        var isReleased = false
        /// Writes not committed yet after which the delivery is no longer held.
        var writes = 0
    }

    private var held: [String: Held] = [:]
    private var seqs: Set<Int64> = []
    private var counts: [String: Int] = [:]
    private var last: Int64 = 0
    /// Deliveries no longer held since `startReading`; `nil` before and afterwards.
    private var freed: Set<String>?
    /// Where something may be due that is not held.
    var destinations = DueDestinations()

    func isHeld(_ id: String) -> Bool { held[id] != nil }

    /// The same, by `deliveries.seq`.
    func isHeld(seq: Int64) -> Bool { seqs.contains(seq) }

    /// `deliveries.seq` of what is held under a lease.
    func seq(of id: String, under lease: DeliveryLease) -> Int64? { held[id].flatMap { $0.lease == lease ? $0.seq : nil } }

    /// How many deliveries are held.
    var count: Int { held.count }

    /// How many deliveries of a destination are held.
    func count(of destination: String) -> Int { counts[destination] ?? 0 }

    // MARK: Leasing

    /// Called before due deliveries are read from the table; `stopReading` must follow.
    mutating func startReading() {
        freed = []
        destinations.startReading()
    }

    mutating func stopReading() {
        freed = nil
        destinations.stopReading()
    }

    /// Leases deliveries read since `startReading`. One that is held now, or was since, is left out, as its row may have changed.
    /// Those that were not held at the start are being redelivered: they are signalled once that is decided.
    mutating func take(_ rows: [DeliveryRow], of due: DueDeliveries) -> [LeasedDelivery] {
        for (destination, next) in due.next { destinations.read(destination, next) }
        let keys = Dictionary(due.keys.map { ($0.seq, $0) }) { first, _ in first }
        return rows.compactMap { row in
            let id = row.delivery.what.id
            guard !isHeld(seq: row.seq), let key = keys[row.seq] else { return nil }
            if freed?.contains(id) == true { return nil }
            if isHeld(id) {
                // Another's id, damaged, reads the same: this one is leased after it.
                destinations.lower(key.destination, to: key.dueAt)
                return nil
            }
            last += 1
            let lease = DeliveryLease(value: last)
            hold(id, Held(lease: lease, seq: row.seq, destination: key.destination, dueAt: key.dueAt))
            return LeasedDelivery(row.delivery, lease: lease, expiresAt: nil)
        }
    }

    /// Gives a lease back. If a write is ending it, the delivery stays held until that is decided.
    mutating func release(_ id: String, _ lease: DeliveryLease) {
        guard let present = held[id], present.lease == lease else { return }
        if present.isEnding { held[id]?.isReleased = true } else { free(id, isDue: true) }
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
    mutating func startRedelivery(_ id: String, seq: Int64, of destination: String) -> DeliveryLease? {
        if held[id] == nil {
            hold(id, Held(lease: nil, seq: seq, destination: destination, dueAt: Timestamp(microseconds: .min)))
        }
        held[id]?.writes += 1
        guard let present = held[id], !present.isEnding, let lease = present.lease else { return nil }
        held[id]?.isEnding = true
        return lease
    }

    /// Holds a delivery while a write makes it dead because its time is over. False if it is held already.
    mutating func startExpiry(_ id: String, seq: Int64, of destination: String) -> Bool {
        guard held[id] == nil else { return false }
        hold(id, Held(lease: nil, seq: seq, destination: destination, dueAt: Timestamp(microseconds: .min), writes: 1))
        return true
    }

    /// - Parameter due: when the delivery is due from now on; `nil`: never.
    mutating func committed(_ id: String, due: Timestamp?) {
        if let due, let destination = held[id]?.destination { destinations.lower(destination, to: due) }
        held[id]?.writes -= 1
        if held[id]?.writes == 0 { free(id, isDue: false) }
    }

    /// - Parameter lease: what the write would have ended.
    mutating func rolledBack(_ id: String, keeping lease: DeliveryLease?) {
        held[id]?.writes -= 1
        if lease != nil { held[id]?.isEnding = false }
        guard let present = held[id], present.writes == 0 else { return }
        if present.lease == nil || present.isReleased { free(id, isDue: true) }
    }

    private mutating func hold(_ id: String, _ new: Held) {
        held[id] = new
        seqs.insert(new.seq)
        counts[new.destination, default: 0] += 1
    }

    /// - Parameter isDue: whether it is due as it was.
    private mutating func free(_ id: String, isDue: Bool) {
        guard let freed = held.removeValue(forKey: id) else { return }
        seqs.remove(freed.seq)
        counts[freed.destination] = counts[freed.destination].flatMap { $0 > 1 ? $0 - 1 : nil }
        if isDue { destinations.lower(freed.destination, to: freed.dueAt) }
        self.freed?.insert(id)
    }
}
