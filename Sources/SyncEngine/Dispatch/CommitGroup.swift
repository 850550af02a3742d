import JobQueue
import SyncModel

/// Batches that share one commit of the directory: of several tenants, one after the other, batch by batch.
struct CommitGroup: Sendable {
    var batches: [LeasedBatch]

    /// The leases of those that were not applied, in the order in which they are given back: a tenant that was not come to is ready
    /// before those that were, and whoever kept the others from it comes last.
    func leases(after done: Int) -> [LeaseID] {
        let left = batches.dropFirst(done)
        guard done == 0, let first = left.first?.tenantID else { return left.map(\.lease) }
        return (left.filter { $0.tenantID != first } + left.filter { $0.tenantID == first }).map(\.lease)
    }

    /// Whether it holds batches of large jobs.
    var isBulk: Bool { batches.contains { $0.jobUsers > CommitGroup.smallJobUsers } }

    /// Divides what was leased into the commit groups it is to be applied in: the single batches of small jobs first, so that they
    /// do not wait for the commit of a large one; then the rest, going round the tenants batch by batch.
    static func divide(_ leased: [LeasedBatch]) -> [CommitGroup] {
        var small: [LeasedBatch] = []
        var large: [TenantID: [LeasedBatch]] = [:]
        var tenants: [TenantID] = []
        for batch in leased {
            if batch.jobUsers <= smallJobUsers {
                small.append(batch)
            } else {
                if large[batch.tenantID] == nil { tenants.append(batch.tenantID) }
                large[batch.tenantID, default: []].append(batch)
            }
        }
        var round: [LeasedBatch] = []
        var depth = 0
        while round.count < leased.count - small.count {
            for tenant in tenants {
                if let batches = large[tenant], depth < batches.count { round.append(batches[depth]) }
            }
            depth += 1
        }
        return [small, round].filter { !$0.isEmpty }.map { CommitGroup(batches: $0) }
    }

    /// A job of at most this many users is small: one batch.
    static let smallJobUsers = 100
}
