package import SyncModel

/// Everything that the webhook courier needs from the queue.
///
/// Several processes may send from one outbox: whoever makes an attempt holds a lease of the delivery. It ends with `record` or
/// `release`; or when another process leases the delivery after `expiresAt`; or when the delivery is redelivered.
package protocol DeliveryOutbox: ObservableQueue, TimedQueue {
    /// Leases deliveries that are due at `now` and not leased, the longest overdue first.
    /// - Parameter duration: how long no other process may lease them; at least as long as they wait for their attempt and the
    ///   attempt takes.
    func leaseDeliveries(_ query: DeliveryQuery, now: Timestamp, for duration: Duration) async throws -> [LeasedDelivery]

    /// Leases one delivery, past all others that are due, if it is due at `now` and not leased; `nil` if not, or if it is unknown.
    func leaseDelivery(_ id: String, now: Timestamp, for duration: Duration) async throws -> LeasedDelivery?

    /// The body of a delivery; `nil` if it is gone. Leases leave it where it is: many may wait for their attempts.
    /// - Throws: `QueueError.damaged` if this one alone cannot be read.
    func body(of id: String) async throws -> [UInt8]?

    /// Gives leases back without an attempt: the deliveries are due again at once. Idempotent: leases no longer held are ignored.
    /// If it fails, they run out. Other processes should be signalled (`deliveryDue`); this one is not.
    func release(_ deliveries: [LeasedDelivery]) async

    /// The earliest time after `now` at which a delivery can be leased, because it becomes due or because its lease runs out;
    /// `nil` if there is none. Deliveries that can be leased already do not count: they would hide what comes next.
    func nextDelivery(after now: Timestamp) async throws -> Timestamp?

    /// Records the result of an attempt and ends its lease. Returns after the commit is on disk; concurrent calls may share one.
    ///
    /// A lease that has run out is still held until another process leases the delivery, so a late result counts unless there is
    /// another attempt.
    /// - Throws: `QueueError.leaseLost` if the lease is no longer held; then nothing has changed, whatever the result is. The
    ///   attempt may have been recorded before, by a call whose answer was lost.
    func record(_ attempt: DeliveryAttempt) async throws

    /// Makes deliveries dead whose `expiresAt` is `now` or earlier, the earliest first, at most `limit` of them in one commit. One that
    /// is leased is left alone: its attempt decides. A lease that has run out counts no more, and is lost.
    /// - Parameter now: by the clock that `add` and `end` were told.
    func expireDeliveries(now: Timestamp, limit: Int) async throws -> ExpiredDeliveries

    /// What was learnt of destinations, the newest first.
    func destinations(limit: Int) async throws -> [DestinationRecord]

    /// Keeps what was learnt of destinations, in place of what was known of them. `QueueMaintenance.prune` forgets what is old.
    func remember(_ destinations: [DestinationRecord]) async throws
}
