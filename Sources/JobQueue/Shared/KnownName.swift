package import SyncModel

/// What the queue knows of one name of a tenant.
package struct KnownName: Sendable, Hashable {
    /// The tenant it stands for: itself unless it is an alias.
    package var tenantID: TenantID
    /// Whether the queue has accepted a job of that tenant, however long ago, or merges it with another.
    package var hasJobs: Bool
    /// The aliases of that tenant. One that is the tenant's own id keeps it a tenant of its own.
    package var aliases: [TenantID]

    package init(tenantID: TenantID, hasJobs: Bool, aliases: [TenantID]) {
        self.tenantID = tenantID
        self.hasJobs = hasJobs
        self.aliases = aliases
    }

    /// Whether the queue knows the tenant, so that it must not become another one's alias.
    package var isSettled: Bool { hasJobs || !aliases.isEmpty }
}
