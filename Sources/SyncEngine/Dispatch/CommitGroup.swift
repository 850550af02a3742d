import JobQueue
import SyncModel

/// Batches that share one commit of the directory: of several tenants, in sequence, batch by batch.
struct CommitGroup: Sendable {
    var batches: [LeasedBatch]
    /// `nil` if they end with the process.
    var leases: GroupLeases?

    init(batches: [LeasedBatch]) { self.batches = batches }

    /// The leases of the batches not applied, in the order in which they are given back, which decides whose turn comes next. If
    /// nothing was applied, the first tenant held up the others and comes last.
    func leases(after done: Int) -> [LeaseID] {
        let left = batches.dropFirst(done)
        guard done == 0, let first = left.first?.tenantID else { return left.map(\.lease) }
        return (left.filter { $0.tenantID != first } + left.filter { $0.tenantID == first }).map(\.lease)
    }

    /// Whether nothing of it may be applied any more, for its leases' time is over or one of them is lost.
    func isLate(by clock: WallClock) -> Bool { leases?.areOver(at: clock.now()) ?? false }

    var tenants: Set<TenantID> { Set(batches.map(\.tenantID)) }

    /// Whether it contains batches of large jobs.
    var isBulk: Bool { batches.contains { $0.jobUsers > BatchLimits.mostUsers } }

    /// Divides leased batches into the commit groups that apply them: first the batches of small jobs, so that they do not wait
    /// for the commit of a large one; then the rest, going round the tenants batch by batch.
    static func divide(_ leased: [LeasedBatch]) -> [CommitGroup] {
        var small: [LeasedBatch] = []
        var large: [TenantID: [LeasedBatch]] = [:]
        var tenants: [TenantID] = []
        for batch in leased {
            if batch.jobUsers <= BatchLimits.mostUsers {
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
}
