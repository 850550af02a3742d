import JobQueue
import SyncModel

/// What is known of destinations.
extension DestinationLimiter {
    /// `nil` if nothing is known of it.
    func health(of name: String) -> DestinationHealth? { destinations[name]?.health }

    /// Learns what was known of destinations. They are asked for as if something waited for each.
    mutating func remember(_ known: [DestinationRecord], at now: Timestamp) {
        for one in known where destinations[one.destination] == nil {
            var destination = begin(one, at: now)
            destination.mayHaveMore = true
            set(one.destination, destination, at: now)
        }
    }

    /// A destination with what was known of it, if something was.
    func begin(_ known: DestinationRecord?, at now: Timestamp) -> Destination {
        guard let known else { return Destination(health: DestinationHealth(limits)) }
        var destination = Destination(health: DestinationHealth(limits, known: known, at: now))
        destination.isMet = true
        return destination
    }
}
