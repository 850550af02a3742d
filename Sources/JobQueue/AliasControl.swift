package import SyncModel

/// How operators look at the aliases of tenants and change them.
package protocol AliasControl: Sendable {
    /// The newest first.
    /// - Parameter tenant: only those of this tenant, by any of its names.
    /// - Throws: `QueueError.badCursor` for a cursor that this queue did not issue.
    func aliases(of tenant: TenantID?, limit: Int, cursor: String?) async throws -> Page<TenantAlias>
    /// Makes a name an alias of the tenant that another name stands for. Jobs that came under it before have ended, and stay its own. A
    /// tenant's own id as its alias keeps it a tenant of its own.
    /// - Parameters:
    ///   - hasUsers: whether the directory has users of `alias`, as asked before.
    ///   - now: the time before that question, by the queue's clock: a job that ended later may have made users.
    func setAlias(_ alias: TenantID, of tenant: TenantID, hasUsers: Bool, now: Timestamp) async throws -> AliasChange
    /// Whether a job of the tenant that a name stands for was ever accepted.
    func hasJobs(_ name: TenantID) async throws -> Bool
    /// Makes a name no alias any more. Jobs that came under it stay with their tenant, open ones too; the numbers of its own jobs
    /// (`Job.sequence`) go on above the tenant's.
    /// - Returns: what it was; `nil` if it was none.
    func forgetAlias(_ alias: TenantID) async throws -> TenantAlias?
}

/// What came of setting an alias.
package enum AliasChange: Sendable, Hashable {
    case set(TenantAlias)
    /// It was there before.
    case unchanged(TenantAlias)
    case refused(Refusal)

    package enum Refusal: Sendable, Hashable {
        /// It stands for another tenant.
        case isOf(TenantID)
        /// Other names stand for it.
        case hasAliases
        /// Jobs that came under it are open, or have just ended, so that it may have users soon.
        case hasOpenJobs
        /// The directory has users of it.
        case hasUsers
        /// It has a part in a merge that is under way, or the tenant has.
        case isMerging
        /// The tenant has `TenantAlias.mostOfTenant`.
        case tooMany
    }
}
