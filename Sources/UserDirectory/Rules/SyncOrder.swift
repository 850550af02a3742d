package import SyncModel

/// Older news never overwrites newer.
package enum SyncOrder {
    /// Whether data of `syncTime` is too old for a user whose `sync_time` is `stored`; equal times are not. A stored value that
    /// is not a time counts as none. So does one that no request could have named by `now`: the clock was ahead when it was
    /// written, and believing it would keep all news from the user until then.
    package static func isStale(_ syncTime: Timestamp, stored: UnsafeRawBufferPointer?, at now: Timestamp) -> Bool {
        guard let stored, let applied = Timestamp(iso8601: stored) else { return false }
        return syncTime < applied && !applied.isAhead(of: now)
    }

    /// Whether the user's `sync_time` is exactly that time.
    package static func isSame(_ syncTime: Timestamp, stored: UnsafeRawBufferPointer?) -> Bool {
        stored.flatMap { Timestamp(iso8601: $0) } == syncTime
    }
}
