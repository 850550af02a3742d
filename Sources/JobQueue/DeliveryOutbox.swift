package import SyncModel

/// What the webhook courier needs of the queue, and nothing more.
package protocol DeliveryOutbox: ObservableQueue {
    /// Deliveries due at `now`, the longest due first.
    /// - Parameters:
    ///   - excluding: ids not to return, for they are being sent.
    ///   - destinations: values of `NewDelivery.destination` not to return, for there is no room for them now. A long backlog of
    ///     one receiver would otherwise hide everybody else's deliveries behind its own.
    func dueDeliveries(
        now: Timestamp, limit: Int, excluding: Set<String>, excludingDestinations destinations: Set<String>
    ) async throws -> [Delivery]

    /// The earliest moment after `now` at which a delivery becomes due; `nil`: none waits. Those due already do not count: they
    /// are being sent, and would hide what comes next.
    func nextDelivery(after now: Timestamp) async throws -> Timestamp?

    /// Writes down how an attempt went. Returns after the commit is on disk; concurrent calls may share one.
    func record(_ attempt: DeliveryAttempt) async throws
}

extension NewDelivery {
    /// Scheme, host and port of `url` in lower case (`https://crm.example.com:8443`): deliveries of one destination share its
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
