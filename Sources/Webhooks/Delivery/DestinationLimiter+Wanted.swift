import JobQueue
import SyncModel

/// Attempts that a person wants now.
///
/// They go past all that waits for their destination, and past what it asked for: if it takes none for now, one of them is a trial of it,
/// and the others wait as before. A trial that is taken ends that, as a probe does; one that is answered by 429 says how long it
/// lasts from now.
extension DestinationLimiter {
    /// Whether such an attempt may begin.
    func mayStartWanted(to name: String, at now: Timestamp) -> Bool {
        mayStart && destinations[name]?.mayTry(at: now) ?? true
    }

    /// Begins one. False if it may not begin: then it is to be released.
    /// - Parameter known: what was known of its destination, if that is not known any more.
    mutating func startWanted(_ leased: LeasedDelivery, at now: Timestamp, known: DestinationRecord? = nil) -> Bool {
        let name = leased.delivery.what.destination
        pass(to: now)
        if destinations[name] == nil { set(name, begin(known, at: now), at: now) }
        guard mayStartWanted(to: name, at: now) else { return false }
        return begin(leased, to: name, isWanted: true, at: now)
    }
}
