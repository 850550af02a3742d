package import SyncModel

/// Everything that the webhook courier needs from the queue.
package protocol DeliveryOutbox: ObservableQueue {
    /// Deliveries due at `now`, the longest overdue first.
    /// - Parameters:
    ///   - excluding: ids not to return, because they are being sent.
    ///   - destinations: values of `NewDelivery.destination` not to return, because there is no room for them now. Otherwise a
    ///     long backlog of one receiver would hide all other deliveries behind its own.
    func dueDeliveries(
        now: Timestamp, limit: Int, excluding: Set<String>, excludingDestinations destinations: Set<String>
    ) async throws -> [Delivery]

    /// The earliest time after `now` at which a delivery becomes due; `nil` if none waits. Deliveries already due do not count:
    /// they are being sent, and would hide what comes next.
    func nextDelivery(after now: Timestamp) async throws -> Timestamp?

    /// Records the result of an attempt. Returns after the commit is on disk; concurrent calls may share one.
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
