import SyncModel

/// Older news never overwrites newer.
enum SyncOrder {
    /// Whether data of `syncTime` is too old for a user whose `sync_time` is `stored`; equal times are not. A time that no request
    /// could have named by `now` counts as none: the clock was ahead when it was written, and believing it would keep all news from
    /// the user until then.
    static func isStale(_ syncTime: Timestamp, stored: Timestamp?, at now: Timestamp) -> Bool {
        guard let stored else { return false }
        return syncTime < stored && !stored.isAhead(of: now)
    }
}
