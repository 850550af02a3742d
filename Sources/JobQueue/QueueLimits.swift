package import SyncModel

/// The limits at which the queue stops accepting more.
package struct QueueLimits: Sendable, Hashable {
    /// `MAX_PENDING_USERS`: users accepted and not yet settled.
    package var maxPendingUsers = 5_000_000
    /// `MIN_FREE_DISK_BYTES`.
    package var minFreeDiskBytes: Int64 = 1_073_741_824
    /// How often each byte of a user is written to the queue's disk in total: in the queue, and in the directory if that is on
    /// the same disk.
    package var diskPerByte: Int64 = 2
    /// The most bytes of the queue's file and log; `nil` if only the disk limits them.
    package var maxBytes: Int64?

    /// `WEBHOOK_ORDER`: with `tenant`, of a tenant's pending deliveries only the earliest is ever due.
    package var webhookOrder = WebhookOrder.any

    /// `TENANT_ALIASES`.
    package var tenantAliases = TenantAliases.learn

    package init() {}
}
