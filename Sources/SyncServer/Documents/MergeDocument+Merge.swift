import JobQueue
import SyncAPI
import SyncModel

extension MergeDocument {
    init(_ merge: TenantMerge) {
        self.init()
        id = Int(merge.id)
        (alias, tenantID, state) = (merge.alias.text, merge.tenantID.text, "\(merge.state)")
        (since, endedAt, error) = (merge.since, merge.endedAt, merge.error)
        (openJobs, heldJobs, moved, joined) = (merge.openJobs, merge.heldJobs, merge.moved, merge.joined)
    }
}
