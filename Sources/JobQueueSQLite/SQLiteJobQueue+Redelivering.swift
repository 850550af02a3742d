import GRDB
package import JobQueue
import SQLiteSupport
package import SyncModel
import Synchronization

extension SQLiteJobQueue {
    package func redeliver(_ id: String, now: Timestamp) async throws -> Bool {
        try await writer.write { [self] context in
            let found = try context.sql(Self.selectOne).first(.text(id)) { row in
                (DeliveryState(code: row.int(0)), (seq: row.int64(1), id: row.text(2), destination: row.text(3)))
            }
            guard let (state, delivery) = found else { return false }
            try startAnew(delivery, from: state, now: now, in: context)
            context.afterCommit { [self] in
                notify {
                    $0.deliveryWanted(delivery.id, delivery.destination)
                    $0.deliveryDue()
                }
            }
            return true
        }
    }

    package func redeliverDead(
        ofJob job: JobID?, ofTenant tenant: TenantID?, limit: Int, cursor: String?, now: Timestamp
    ) async throws -> Redelivered {
        let before = try cursor.map { try PageCursor.numbers($0, .deliveries, count: 1)[0] } ?? .max
        return try await writer.write { [self] context in
            let tenants: [TenantID?] = try tenant.map { try self.tenants(listedAs: $0, context.db) } ?? [nil]
            let found = try tenants.flatMap {
                try Self.dead(ofJob: job, ofTenant: $0, before: before, limit: limit.saturatingAdd(1), in: context)
            }.sorted { $0.seq > $1.seq }
            let page = found.prefix(limit)
            for row in page { try startAnew(row, from: .dead, now: now, in: context) }
            if !page.isEmpty { context.afterCommit { [self] in notify { $0.deliveryDue() } } }
            let next = found.count > limit ? page.last.map { PageCursor.text(.deliveries, $0.seq) } : nil
            let holds = try page.compactMap { row in
                try context.sql(Self.selectHold).first(.text(row.destination), .time(now)) { $0.time(0) }
            }
            return Redelivered(count: page.count, waiting: holds.count, waitsUntil: holds.max(), nextCursor: next)
        }
    }

    /// Dead deliveries with a smaller `seq`, the newest first.
    private static func dead(
        ofJob job: JobID?, ofTenant tenant: TenantID?, before: Int64, limit: Int, in context: WriteContext
    ) throws -> [(seq: Int64, id: String, destination: String)] {
        let values: [SQLValue] = [.int(DeliveryState.dead.code), .int(before), .int(limit)]
        func row(_ row: SQLRow) -> (seq: Int64, id: String, destination: String) { (row.int64(0), row.text(1), row.text(2)) }
        if let job {
            return try context.sql(deadOfJob).all(values[0], values[1], values[2], .text(job.text), .tenant(tenant), map: row)
        }
        if let tenant {
            return try context.sql(deadOfTenant).all(values[0], values[1], values[2], .tenant(tenant), map: row)
        }
        return try context.sql(allDead).all(values[0], values[1], values[2], map: row)
    }

    /// Makes a delivery pending as a new one, due unless it waits for an earlier one of its tenant; held until the commit.
    /// `QueueObserver.deliveryDue` is left to the caller.
    private func startAnew(
        _ delivery: (seq: Int64, id: String, destination: String), from state: DeliveryState, now: Timestamp,
        in context: WriteContext
    ) throws {
        let (seq, id, destination) = delivery
        try noteOrder(in: context)
        let due = try goesFirst(seq, in: context) ? now : nil
        try context.sql(Self.startAnew).run(.int(seq), .time(due), .time(Delivery.end(from: now)))
        context.count {
            $0[state] -= 1; $0[.pending] += 1
        }
        let lease = deliveryLeases.withLock { $0.startRedelivery(id, seq: seq, of: destination) }
        context.onRollback { [self] in
            deliveryLeases.withLock { $0.rolledBack(id, keeping: lease) }
            // Whoever asked for leases meanwhile did not get this one.
            notify { $0.deliveryDue() }
        }
        context.afterCommit { [self] in
            deliveryLeases.withLock { $0.committed(id, due: due) }
            if let lease { notify { $0.deliveryLeaseEnded(id, lease) } }
        }
    }

    static let selectHold = "SELECT held_until FROM destinations WHERE destination = ?1 AND held_until > ?2"
    private static let selectOne = "SELECT state, seq, id, destination FROM deliveries WHERE id = ?1"
    private static let startAnew = """
        UPDATE deliveries SET state = 0, due_at = ?2, expires_at = ?3, attempts = 0, delivered_at = NULL WHERE seq = ?1
        """
    static let allDead = """
        SELECT seq, id, destination FROM deliveries INDEXED BY deliveries_state WHERE state = ?1 AND seq < ?2
        ORDER BY seq DESC LIMIT ?3
        """
    static let deadOfTenant = """
        SELECT seq, id, destination FROM deliveries INDEXED BY deliveries_tenant
        WHERE tenant_id = ?4 AND state = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3
        """
    /// A job has at most a handful.
    static let deadOfJob = """
        SELECT seq, id, destination FROM deliveries INDEXED BY deliveries_job
        WHERE job_id = ?4 AND state = ?1 AND seq < ?2 AND (?5 IS NULL OR tenant_id = ?5) ORDER BY seq DESC LIMIT ?3
        """
}
