import SyncModel

/// Older news never overwrites newer.
enum SyncOrder {
    /// Whether news of `syncTime` comes too late for a user whose `sync_time` is `stored`. An equal one does not. A stored value that
    /// is no time counts as none, and so does one that no request could have named at `now`: the clock was ahead when it was written,
    /// and until then nothing else would reach the user.
    static func isStale(_ syncTime: Timestamp, stored: UnsafeRawBufferPointer?, at now: Timestamp) -> Bool {
        guard let stored, let applied = Timestamp(iso8601: stored) else { return false }
        return syncTime < applied && !applied.isAhead(of: now)
    }

    /// Whether the user's `sync_time` is that very moment.
    static func isSame(_ syncTime: Timestamp, stored: UnsafeRawBufferPointer?) -> Bool {
        stored.flatMap { Timestamp(iso8601: $0) } == syncTime
    }
}
