package import SyncModel
import Synchronization

/// The time used for a request that names no `syncTime`: its acceptance, but never earlier than a previous acceptance. Otherwise,
/// after the machine's clock was set back, users sent without a time would count as older news until the clock had caught up.
/// Requests that name their time need no such help: a stored time ahead of the clock is not believed.
package final class AcceptanceClock: Sendable {
    private let latest: Mutex<Timestamp>

    /// - Parameter latest: the latest acceptance so far; `nil` if there was none.
    package init(latest: Timestamp?) { self.latest = Mutex(latest ?? Timestamp(microseconds: 0)) }

    /// The time for a request accepted at `now`.
    package func moment(at now: Timestamp) -> Timestamp {
        latest.withLock { latest in
            latest = max(latest, now)
            return latest
        }
    }
}
