/// Where the queue stops taking more .
package struct QueueLimits: Sendable, Hashable {
    /// `MAX_PENDING_USERS`: users accepted and not yet settled.
    package var maxPendingUsers = 5_000_000
    /// `MIN_FREE_DISK_BYTES`.
    package var minFreeDiskBytes: Int64 = 1_073_741_824
    /// How often a byte of a user is written to the queue's disk before it is done with: in the queue, and in the directory where that is
    /// on the same disk.
    package var diskPerByte: Int64 = 2
    /// Bytes of the queue's file and log; `nil`: bounded by the disk alone.
    package var maxBytes: Int64?

    package init() {}
}
