/// Where the queue stops taking more (CONTRACT §4).
package struct QueueLimits: Sendable, Hashable {
    /// `MAX_PENDING_USERS`: users accepted and not yet settled.
    package var maxPendingUsers = 5_000_000
    /// `MIN_FREE_DISK_BYTES`.
    package var minFreeDiskBytes: Int64 = 1_073_741_824
    /// Bytes of the queue's file and log; `nil`: bounded by the disk alone.
    package var maxBytes: Int64?

    package init() {}
}
