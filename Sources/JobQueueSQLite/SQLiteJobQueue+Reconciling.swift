import GRDB
package import JobQueue
import SQLiteSupport
import SyncModel
import Synchronization

/// What the last check found wrong, and where the next one continues.
struct LaneLooks: Sendable {
    var suspects: [TenantID: Set<LaneFault>] = [:]
    /// Batch keys that were wrong among those being cancelled.
    var cancels: Set<Int64> = []
    /// The last tenant checked.
    var last: TenantID?
}

extension SQLiteJobQueue {
    package func reconcile(limit: Int) async throws -> [QueueRepair] {
        let repairs = try await writer.alone { [self] db in
            let looks = self.looks.withLock { $0 }
            var next = LaneLooks()
            var repairs = try compareCancels(looks, &next, db)
            for tenantID in try tenants(of: looks, limit, &next, db) {
                let before = looks.suspects[tenantID] ?? []
                let facts = try LaneFacts(of: tenantID, beside: lanes { $0[tenantID] }, db)
                let (again, new) = lanes { lanes in
                    let found = lanes.faults(of: tenantID, beside: facts)
                    let again = found.intersection(before)
                    for fault in again { lanes.putRight(fault, of: tenantID) }
                    return (again, found.subtracting(before))
                }
                if !new.isEmpty { next.suspects[tenantID] = new }
                repairs += again.map { QueueRepair(kind: $0.kind, tenantID: tenantID) }
            }
            self.looks.withLock { [next] in $0 = next }
            return repairs
        }
        countRepairs(repairs.count)
        return repairs
    }

    /// The tenants under suspicion, and the next ones in order; after the last one, the first again.
    private func tenants(of looks: LaneLooks, _ limit: Int, _ next: inout LaneLooks, _ db: Database) throws -> [TenantID] {
        let last = looks.last.map { SQLValue.tenant($0) } ?? .text("")
        let slice = try db.sql(LaneFacts.tenants).all(last, .int(limit)) { TenantID($0.text(0)) }
        next.last = slice.count < limit ? nil : slice.last
        return looks.suspects.keys.filter { !slice.contains($0) }.sorted() + slice
    }

    private func compareCancels(_ looks: LaneLooks, _ next: inout LaneLooks, _ db: Database) throws -> [QueueRepair] {
        let stored = Set(try db.sql(LaneFacts.cancelling).all { $0.int64(0) })
        let (again, new) = lanes { lanes in
            let wrong = stored.symmetricDifference(lanes.cancellingKeys)
            let again = wrong.intersection(looks.cancels)
            for key in again { lanes.setCancelling(key, stored.contains(key)) }
            return (again, wrong.subtracting(again))
        }
        next.cancels = new
        return again.map { _ in QueueRepair(kind: .wrongCancel, tenantID: nil) }
    }
}
