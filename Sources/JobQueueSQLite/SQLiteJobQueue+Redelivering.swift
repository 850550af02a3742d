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
            _ = try startAnew(delivery, from: state, now: now, in: context)
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
        let place = try cursor.map { try PageCursor.numbers($0, .deliveries, count: 2) }
        return try await writer.write { [self] context in
            // Those that end later are none of this call's: it has an end.
            let last = try place?[1] ?? context.sql(Self.selectLast).first { $0.int64(0) } ?? 0
            let range = Range(after: place?[0] ?? 0, upTo: last, limit: limit)
            let tenants: [TenantID?] = try tenant.map { try self.tenants(listedAs: $0, context.db) } ?? [nil]
            let found = try tenants.flatMap {
                try Self.dead(ofJob: job, ofTenant: $0, in: range, context)
            }.sorted { $0.seq < $1.seq }
            let page = Array(found.prefix(limit))
            // Of a tenant whose webhooks keep their order the earliest comes first: what waits for it is known at once, and
            // none is sent before it.
            let isDue = try page.map { try startAnew($0, from: .dead, now: now, in: context) }
            if !page.isEmpty { context.afterCommit { [self] in notify { $0.deliveryDue() } } }
            let next = found.count > limit ? page.last.map { PageCursor.text(.deliveries, $0.seq, last) } : nil
            let holds = try page.map { row in
                try context.sql(Self.selectHold).first(.text(row.destination), .time(now)) { $0.time(0) }
            }
            return Redelivered(
                count: page.count, waiting: zip(isDue, holds).count { !$0 || $1 != nil }, behind: isDue.count { !$0 },
                waitsUntil: holds.compactMap(\.self).max(), nextCursor: next)
        }
    }

    /// By `seq`: which deliveries, and how many of them.
    private struct Range {
        let after: Int64
        let upTo: Int64
        let limit: Int
    }

    /// Dead deliveries, the earliest first; one more than asked for, which tells that there are more.
    private static func dead(
        ofJob job: JobID?, ofTenant tenant: TenantID?, in range: Range, _ context: WriteContext
    ) throws -> [(seq: Int64, id: String, destination: String)] {
        let values: [SQLValue] = [
            .int(DeliveryState.dead.code), .int(range.after), .int(range.limit.saturatingAdd(1)), .int(range.upTo),
        ]
        func row(_ row: SQLRow) -> (seq: Int64, id: String, destination: String) { (row.int64(0), row.text(1), row.text(2)) }
        if let job {
            return try context.sql(deadOfJob).all(
                values[0], values[1], values[2], values[3], .text(job.text), .tenant(tenant), map: row)
        }
        if let tenant {
            return try context.sql(deadOfTenant).all(values[0], values[1], values[2], values[3], .tenant(tenant), map: row)
        }
        return try context.sql(allDead).all(values[0], values[1], values[2], values[3], map: row)
    }

    /// Makes a delivery pending as a new one, due unless it waits for an earlier one of its tenant; held until the commit.
    /// `QueueObserver.deliveryDue` is left to the caller.
    /// - Returns: whether it is due.
    private func startAnew(
        _ delivery: (seq: Int64, id: String, destination: String), from state: DeliveryState, now: Timestamp,
        in context: WriteContext
    ) throws -> Bool {
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
        return due != nil
    }

    static let selectHold = "SELECT held_until FROM destinations WHERE destination = ?1 AND held_until > ?2"
    private static let selectLast = "SELECT ifnull(max(seq), 0) FROM deliveries"
    private static let selectOne = "SELECT state, seq, id, destination FROM deliveries WHERE id = ?1"
    private static let startAnew = """
        UPDATE deliveries SET state = 0, due_at = ?2, expires_at = ?3, attempts = 0, delivered_at = NULL WHERE seq = ?1
        """
    static let allDead = """
        SELECT seq, id, destination FROM deliveries INDEXED BY deliveries_state WHERE state = ?1 AND seq > ?2 AND seq <= ?4
        ORDER BY seq LIMIT ?3
        """
    static let deadOfTenant = """
        SELECT seq, id, destination FROM deliveries INDEXED BY deliveries_tenant
        WHERE tenant_id = ?5 AND state = ?1 AND seq > ?2 AND seq <= ?4 ORDER BY seq LIMIT ?3
        """
    /// A job has at most a handful.
    static let deadOfJob = """
        SELECT seq, id, destination FROM deliveries INDEXED BY deliveries_job
        WHERE job_id = ?5 AND state = ?1 AND seq > ?2 AND seq <= ?4 AND (?6 IS NULL OR tenant_id = ?6)
        ORDER BY seq LIMIT ?3
        """
}
