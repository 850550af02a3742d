package import SyncModel

/// The limits at which the queue stops accepting more.
package struct QueueLimits: Sendable, Hashable {
    /// `MAX_PENDING_USERS`: users accepted and not yet settled.
    package var maxPendingUsers = 5_000_000
    /// `MIN_FREE_DISK_BYTES`, of the queue's disk and of the directory's.
    package var minFreeDiskBytes: Int64 = 1_073_741_824
    /// Where the directory's file is; `nil` if that is unknown, or it has none.
    package var directory: DirectoryPlace?
    /// The most bytes of the queue's file and log; `nil` if only the disk limits them.
    package var maxBytes: Int64?

    /// `WEBHOOK_ORDER`: with `tenant`, of a tenant's pending deliveries only the earliest is ever due.
    package var webhookOrder = WebhookOrder.any

    /// `TENANT_ALIASES`.
    package var tenantAliases = TenantAliases.learn

    package init() {}

    package struct DirectoryPlace: Sendable, Hashable {
        package var path: String
        /// On another disk than the queue's file: what users take there is asked of that disk.
        package var isElsewhere: Bool

        package init(path: String, isElsewhere: Bool) {
            self.path = path
            self.isElsewhere = isElsewhere
        }
    }
}
