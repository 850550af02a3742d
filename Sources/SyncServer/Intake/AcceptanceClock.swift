package import SyncModel
import Synchronization

/// The moment that stands for a `syncTime` a request does not name: that of its acceptance, but never one before an earlier
/// acceptance. Were the machine's clock set back, all users sent without a moment would be taken for older news until it has caught up.
/// What names its moment is not held up by those that are ahead: they are not believed where they are stored.
package final class AcceptanceClock: Sendable {
    private let latest: Mutex<Timestamp>

    /// - Parameter latest: the latest acceptance so far; `nil`: none.
    package init(latest: Timestamp?) { self.latest = Mutex(latest ?? Timestamp(microseconds: 0)) }

    /// The moment for a request that is accepted at `now`.
    package func moment(at now: Timestamp) -> Timestamp {
        latest.withLock { latest in
            latest = max(latest, now)
            return latest
        }
    }
}
