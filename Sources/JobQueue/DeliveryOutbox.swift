package import SyncModel

/// Everything that the webhook courier needs from the queue.
///
/// Several processes may send from one outbox: whoever makes an attempt holds a lease of the delivery. It ends with `record` or
/// `release`; or when another process leases the delivery after `expiresAt`; or when the delivery is redelivered.
package protocol DeliveryOutbox: ObservableQueue {
    /// Leases deliveries that are due at `now` and not leased, the longest overdue first.
    /// - Parameters:
    ///   - duration: how long no other process may lease them; at least as long as they wait for their attempt and the attempt
    ///     takes.
    ///   - destinations: values of `NewDelivery.destination` not to lease, because there is no room for them now. Otherwise a
    ///     long backlog of one receiver would hide all other deliveries behind its own.
    func leaseDeliveries(
        now: Timestamp, limit: Int, for duration: Duration, excludingDestinations destinations: Set<String>
    ) async throws -> [LeasedDelivery]

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
}

extension NewDelivery {
    /// Scheme, host and port of `url` in lower case (`https://crm.example.com:8443`): deliveries to one destination share its
    /// limits.
    package var destination: String {
        let text = url.utf8
        var at = text.startIndex
        var slashes = 0
        while at < text.endIndex {
            switch text[at] {
            case UInt8(ascii: "/") where slashes < 2: slashes += 1
            case UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"): return url[..<at].lowercased()
            default: break
            }
            at = text.index(after: at)
        }
        return url.lowercased()
    }
}
