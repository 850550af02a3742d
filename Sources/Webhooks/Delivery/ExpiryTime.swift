import DequeModule
import SyncModel

/// The time by which deliveries expire: the machine's clock as that of `DueTime`, but not believed at once, because an expired delivery
/// is dead. A value, told what the machine's clock shows and what has elapsed on one that runs evenly.
///
/// - A step ahead counts only once it has stood for as long as a delivery lives. What was pending before the step is older than its
///   lifetime by then, however far the step went, and what came after it expires as it should. A clock that is set a year ahead and back
///   kills nothing.
/// - A step back counts at once. What was created before it expires that much later.
/// - At its start a process knows no earlier time and believes the clock, but not in the first minutes: a machine that has just
///   booted may not have set its clock yet, and what became overdue while the process was not running deserves an attempt.
struct ExpiryTime: Sendable {
    /// What the machine's clock showed when nothing had elapsed, as told later: the earliest of each hour.
    private var origins: Deque<(since: Duration, earliest: Timestamp)> = []

    /// Nothing expires before so much has elapsed.
    static let grace = Duration.seconds(300)
    private static let step = Duration.seconds(3600)

    /// The time; `nil` in the first minutes.
    /// - Parameter elapsed: since the process began to measure, however the machine's clock is set.
    mutating func now(wall: Timestamp, elapsed: Duration) -> Timestamp? {
        let seconds = elapsed / .seconds(1)
        let origin = wall.advanced(bySeconds: -seconds)
        if let last = origins.last, elapsed - last.since < Self.step {
            origins[origins.count - 1].earliest = min(last.earliest, origin)
        } else {
            origins.append((elapsed, origin))
        }
        while let first = origins.first, elapsed - first.since - Self.step >= .seconds(DeliverySchedule.lifetime) {
            origins.removeFirst()
        }
        guard elapsed >= Self.grace else { return nil }
        return origins.lazy.map(\.earliest).min()?.advanced(bySeconds: seconds)
    }
}
