package import SyncModel

/// A name that stands for a tenant.
package struct TenantAlias: Sendable, Hashable {
    package enum Origin: Int, Sendable, Hashable {
        /// By a request that carried both names.
        case learnt = 0
        /// By an operator.
        case set = 1
    }

    package var alias: TenantID
    package var tenantID: TenantID
    package var origin: Origin
    package var since: Timestamp

    package init(alias: TenantID, tenantID: TenantID, origin: Origin, since: Timestamp) {
        self.alias = alias
        self.tenantID = tenantID
        self.origin = origin
        self.since = since
    }

    /// The most aliases of one tenant. By learning it gets three at most, one of each kind.
    package static let mostOfTenant = 16
}
