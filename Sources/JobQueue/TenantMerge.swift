package import SyncModel

/// Two tenants in use that an operator makes one: what was a tenant becomes an alias of another.
package struct TenantMerge: Sendable, Hashable {
    package enum State: Int, Sendable, Hashable, CaseIterable {
        /// Jobs that were accepted before it began are still open.
        case draining = 0
        /// The directory is asked to move the users. After a crash it is asked again, for what it did is not known.
        case moving = 1
        /// The users are moved and the name is an alias. Ended jobs and their webhooks are being given to the tenant.
        case settling = 2
        case merged = 3
        /// The directory cannot make them one: nothing was changed.
        case refused = 4
        /// An operator took it back while it was draining: nothing was changed.
        case cancelled = 5

        package var isEnd: Bool { rawValue >= State.merged.rawValue }
        /// Whether jobs of both tenants are held.
        package var holdsJobs: Bool { self == .draining || self == .moving }
    }

    package var id: Int64
    /// The tenant that becomes an alias.
    package var alias: TenantID
    /// The tenant that it becomes an alias of.
    package var tenantID: TenantID
    package var state: State
    package var since: Timestamp
    package var endedAt: Timestamp?
    /// Users whose rows became the tenant's.
    package var moved = 0
    /// Users that both tenants had.
    package var joined = 0
    /// Why it was refused.
    package var error: String?
    /// Jobs of both tenants that have to end first.
    package var openJobs = 0
    /// Jobs of both tenants that wait for its end.
    package var heldJobs = 0

    package init(id: Int64, alias: TenantID, tenantID: TenantID, state: State = .draining, since: Timestamp) {
        self.id = id
        self.alias = alias
        self.tenantID = tenantID
        self.state = state
        self.since = since
    }

    /// The most that may be under way.
    package static let mostOpen = 16
    /// The most that are kept once they have ended.
    package static let mostEnded = 200
}
