import SyncModel

/// Older news never overwrites newer (CONTRACT §2).
enum SyncOrder {
    /// Whether a job of `syncTime` comes too late for a user whose `sync_time` is `stored`. An equal one does not, and a stored value
    /// that is no time counts as none.
    static func isStale(_ syncTime: Timestamp, stored: UnsafeRawBufferPointer?) -> Bool {
        guard let stored, let applied = Timestamp(iso8601: stored) else { return false }
        return syncTime < applied
    }
}
