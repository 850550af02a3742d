package import SyncModel

/// How two tenants that are both in use become one.
///
/// A merge holds back what is accepted for either tenant, waits until their open jobs have ended, has the directory move the users
/// (`UserDirectory.merge`), makes one tenant's id an alias of the other, and lets the held jobs go, in the order accepted. Each step
/// is on disk before the next begins, so that it goes on after a crash.
package protocol TenantMerging: Sendable {
    /// Begins to make a tenant an alias of another; both by any of their names. Jobs that are accepted for either from now on wait for
    /// its end.
    func beginMerge(of alias: TenantID, into tenant: TenantID, now: Timestamp) async throws -> MergeStart
    func merge(_ id: Int64) async throws -> TenantMerge?
    /// The newest first.
    /// - Throws: `QueueError.badCursor` for a cursor that this queue did not issue.
    func merges(limit: Int, cursor: String?) async throws -> Page<TenantMerge>
    /// Those under way, the oldest first.
    func openMerges() async throws -> [TenantMerge]

    /// Whether the directory may move the users: jobs that were open before the merge have ended. From then on it cannot be cancelled.
    func startMoving(_ id: Int64) async throws -> Bool
    /// The directory has moved the users: the name becomes an alias, other names of it too, and the held jobs become the tenant's.
    func endMoving(_ id: Int64, moved: Int, joined: Int, now: Timestamp) async throws
    /// Gives ended jobs and webhooks to the tenant, at most so many at a time.
    /// - Returns: whether the merge has ended by that.
    func settleMerge(_ id: Int64, limit: Int, now: Timestamp) async throws -> Bool
    /// The directory moved nothing: both stay tenants, and the held jobs go on.
    func refuseMerge(_ id: Int64, because error: String, now: Timestamp) async throws
    /// Takes back a merge that is draining. `nil` if it is unknown; one that went too far, or has ended, is returned as it is.
    func cancelMerge(_ id: Int64, now: Timestamp) async throws -> TenantMerge?
}

/// What came of asking for a merge.
package enum MergeStart: Sendable, Hashable {
    case begun(TenantMerge)
    /// It was under way before.
    case present(TenantMerge)
    /// Both names are this tenant's already.
    case areOne(TenantID)
    case refused(Refusal)

    package enum Refusal: Sendable, Hashable {
        /// One of them has a part in another merge.
        case isMerging(TenantMerge)
        /// Together they have more than `TenantAlias.mostOfTenant` aliases.
        case tooManyAliases
        /// `TenantMerge.mostOpen` are under way.
        case tooManyMerges
    }
}
