import SyncModel
import UserDirectory

extension MemoryDirectory {
    /// What a merge would do.
    func previewMerge(of tenantID: TenantID, into target: TenantID) -> UserMerge {
        withState { state in
            var copy = state
            return copy.merge(tenantID, into: target)
        }
    }

    /// Makes the users of one tenant those of another, unless some of them cannot be.
    func merge(_ tenantID: TenantID, into target: TenantID) -> UserMerge {
        withState { state in
            var merged = state
            let merge = merged.merge(tenantID, into: target)
            if merge.conflicts == 0 { state = merged }
            return merge
        }
    }
}

extension MemoryDirectory.State {
    /// Users are one person by their id alone; an address that somebody else has is a conflict.
    fileprivate mutating func merge(_ tenantID: TenantID, into target: TenantID) -> UserMerge {
        var merge = UserMerge()
        guard tenantID != target else { return merge }
        for (id, email) in takeUsers(of: tenantID) {
            if has(id, in: target) {
                merge.joined += 1
            } else if give(id, email, to: target) {
                merge.moved += 1
            } else {
                merge.conflicts += 1
            }
        }
        for (job, entries) in logs where entries.contains(where: { $0.tenantID == tenantID }) {
            for at in entries.indices where entries[at].tenantID == tenantID { logs[job]?[at].tenantID = target }
        }
        return merge
    }
}
