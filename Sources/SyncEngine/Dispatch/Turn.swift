import JobQueue
import SyncModel

/// Batches that share one commit of the directory: of several tenants, one after the other, batch by batch.
struct Turn: Sendable {
    var batches: [LeasedBatch]

    /// Whose batches they are, each once, in the order of their first.
    var tenants: [TenantID] {
        var seen: Set<TenantID> = []
        return batches.map(\.tenantID).filter { seen.insert($0).inserted }
    }
    /// The same in the order in which they take their next turn, where so many batches were applied: who was not come to is first, and
    /// whoever kept the others from it last.
    func tenants(after done: Int) -> [TenantID] {
        let tenants = self.tenants
        guard done < batches.count, tenants.count > 1 else { return tenants }
        let first = done == 0 ? 1 : tenants.firstIndex(of: batches[done].tenantID) ?? 0
        return Array(tenants[first...] + tenants[..<first])
    }
    /// Whether it holds batches of large jobs.
    var isBulk: Bool { batches.contains { $0.jobUsers > Turn.smallJobUsers } }

    /// Divides what was leased into the turns it is to be applied in: the single batches of small jobs first, so that they
    /// do not wait for the commit of a large one; then the rest, going round the tenants batch by batch.
    static func divide(_ leased: [LeasedBatch]) -> [Turn] {
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
        return [small, round].filter { !$0.isEmpty }.map { Turn(batches: $0) }
    }

    /// A job of at most this many users is small: one batch.
    static let smallJobUsers = 100
}
