import GRDB
package import JobQueue
import SQLiteSupport
package import SyncModel
import Synchronization

extension SQLiteJobQueue {
    package func expireDeliveries(now: Timestamp, limit: Int) async throws -> ExpiredDeliveries {
        var result = ExpiredDeliveries()
        // Asked once a minute, and nearly always in vain: then nothing is written.
        let (isAny, next) = try readNow { db in
            let isAny = try db.sql(Self.selectExpired).first(.time(now), .int(1)) { _ in true } ?? false
            return (isAny, try db.sql(Self.selectNextEnd).first(.time(now)) { $0.optionalTime(0) } ?? nil)
        }
        result.nextAt = next
        guard isAny else { return result }
        result.deliveries = try await writer.write { [self] context in
            let held = deliveryLeases.withLock { $0.count }
            let found = try context.sql(Self.selectExpired).all(.time(now), .int(limit.saturatingAdd(held))) { row in
                let delivery = ExpiredDelivery(
                    id: row.text(0), jobID: row.optionalText(1).flatMap { JobID($0) }, destination: row.text(2),
                    attempts: row.int(3), lastError: row.optionalText(4))
                return (delivery, seq: row.int64(5), tenantID: row.optionalText(6).map { TenantID($0) })
            }
            var expired: [ExpiredDelivery] = []
            for (delivery, seq, tenantID) in found where expired.count < limit {
                guard try expire(delivery, seq: seq, in: context) else { continue }
                expired.append(delivery)
                if let tenantID { try dueIsNext(of: tenantID, at: now, in: context) }
            }
            return expired
        }
        return result
    }

    /// Makes a delivery dead, held until the commit. False if it is held: its attempt decides. By `seq`: a damaged id is not found by
    /// what it reads as.
    private func expire(_ delivery: ExpiredDelivery, seq: Int64, in context: WriteContext) throws -> Bool {
        guard deliveryLeases.withLock({ $0.startExpiry(delivery.id, seq: seq, of: delivery.destination) }) else { return false }
        context.onRollback { [self] in
            deliveryLeases.withLock { $0.rolledBack(delivery.id, keeping: nil) }
            // Whoever asked for leases meanwhile did not get this one.
            notify { $0.deliveryDue() }
        }
        context.afterCommit { [self] in deliveryLeases.withLock { $0.committed(delivery.id, due: nil) } }
        try context.sql(Self.expire).run(.int(seq), .int(DeliveryState.dead.code), .text(delivery.error))
        guard context.db.changesCount == 1 else { return false }
        context.count {
            $0[.pending] -= 1; $0[.dead] += 1
        }
        return true
    }

    static let selectExpired = """
        SELECT id, job_id, destination, attempts, last_error, seq, tenant_id FROM deliveries INDEXED BY deliveries_expiry
        WHERE state = 0 AND expires_at <= ?1 ORDER BY expires_at LIMIT ?2
        """
    static let selectNextEnd =
        "SELECT min(expires_at) FROM deliveries INDEXED BY deliveries_expiry WHERE state = 0 AND expires_at > ?1"
    private static let expire = "UPDATE deliveries SET state = ?2, due_at = NULL, last_error = ?3 WHERE seq = ?1 AND state = 0"
}
