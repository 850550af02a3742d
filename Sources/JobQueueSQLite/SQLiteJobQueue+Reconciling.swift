import GRDB
package import JobQueue
import SQLiteSupport
import SyncModel
import Synchronization

/// What the last check found wrong, and where the next one continues.
struct TenantLooks: Sendable {
    var suspects: [TenantID: Set<TenantFault>] = [:]
    /// Batch keys that were wrong among those being cancelled.
    var cancels: Set<Int64> = []
    /// The last tenant checked.
    var last: TenantID?
}

extension SQLiteJobQueue {
    package func reconcile(limit: Int) async throws -> [QueueRepair] {
        let repairs = try await writer.alone { [self] db in
            let looks = self.looks.withLock { $0 }
            var next = TenantLooks()
            var repairs = try compareCancels(looks, &next, db)
            for tenantID in try tenants(of: looks, limit, &next, db) {
                let before = looks.suspects[tenantID] ?? []
                let facts = try TenantFacts(of: tenantID, beside: tenantQueue { $0[tenantID] }, db)
                let (again, new) = tenantQueue { tenants in
                    let found = tenants.faults(of: tenantID, beside: facts)
                    let again = found.intersection(before)
                    for fault in again { tenants.putRight(fault, of: tenantID) }
                    return (again, found.subtracting(before))
                }
                if !new.isEmpty { next.suspects[tenantID] = new }
                repairs += again.map { QueueRepair(kind: $0.kind, tenantID: tenantID) }
            }
            self.looks.withLock { [next] in $0 = next }
            return repairs
        }
        let all = try await repairs + reconcileHeldJobs(limit: limit) + reconcileDeliveries(limit: max(1, limit / 4))
        countRepairs(all.count)
        return all
    }

    /// The tenants under suspicion, and the next ones in order; after the last one, the first again.
    private func tenants(of looks: TenantLooks, _ limit: Int, _ next: inout TenantLooks, _ db: Database) throws -> [TenantID] {
        let last = looks.last.map { SQLValue.tenant($0) } ?? .text("")
        let slice = try db.sql(TenantFacts.tenants).all(last, .int(limit)) { TenantID($0.text(0)) }
        next.last = slice.count < limit ? nil : slice.last
        return looks.suspects.keys.filter { !slice.contains($0) }.sorted() + slice
    }

    private func compareCancels(_ looks: TenantLooks, _ next: inout TenantLooks, _ db: Database) throws -> [QueueRepair] {
        let stored = Set(try db.sql(TenantFacts.cancelling).all { $0.int64(0) })
        let (again, new) = tenantQueue { tenants in
            let wrong = stored.symmetricDifference(tenants.cancellingKeys)
            let again = wrong.intersection(looks.cancels)
            for key in again { tenants.setCancelling(key, stored.contains(key)) }
            return (again, wrong.subtracting(again))
        }
        next.cancels = new
        return again.map { _ in QueueRepair(kind: .wrongCancel, tenantID: nil) }
    }
}
