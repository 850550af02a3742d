import GRDB
import SQLiteSupport
import SyncModel

/// Figures kept up to date so that rows need not be counted: one row of totals, and one row per tenant with open jobs.
enum CounterRows {
    private static let addTotals = """
        UPDATE counters SET queued = queued + ?1, running = running + ?2, completed = completed + ?3,
            completed_with_errors = completed_with_errors + ?4, failed = failed + ?5, cancelled = cancelled + ?6,
            pending_users = pending_users + ?7, deliveries_pending = deliveries_pending + ?8,
            deliveries_delivered = deliveries_delivered + ?9, deliveries_dead = deliveries_dead + ?10
        WHERE id = 1
        """
    private static let addBacklog = """
        INSERT INTO tenants (tenant_id, open_jobs, pending_users) VALUES (?1, ?2, ?3)
        ON CONFLICT (tenant_id) DO UPDATE
            SET open_jobs = open_jobs + excluded.open_jobs, pending_users = pending_users + excluded.pending_users
        """
    private static let dropBacklog = "DELETE FROM tenants WHERE tenant_id = ?1 AND open_jobs = 0"
    private static let selectTotals = """
        SELECT queued, running, completed, completed_with_errors, failed, cancelled, pending_users,
            deliveries_pending, deliveries_delivered, deliveries_dead
        FROM counters WHERE id = 1
        """

    /// Writes what the operations of one commit changed, once for all of them.
    static func write(_ contexts: [WriteContext], _ db: Database) throws {
        var sum = QueueCounters()
        var backlogs: [TenantID: BacklogChange] = [:]
        for context in contexts {
            sum += context.totals
            for (tenantID, change) in context.backlogs {
                backlogs[tenantID, default: BacklogChange()].openJobs += change.openJobs
                backlogs[tenantID, default: BacklogChange()].pendingUsers += change.pendingUsers
            }
        }
        if sum != QueueCounters() {
            try db.sql(addTotals).run(
                .int(sum[.queued]), .int(sum[.running]), .int(sum[.completed]), .int(sum[.completedWithErrors]),
                .int(sum[.failed]), .int(sum[.cancelled]), .int(sum.pendingUsers), .int(sum.deliveriesPending),
                .int(sum.deliveriesDelivered), .int(sum.deliveriesDead))
        }
        for (tenantID, change) in backlogs {
            try db.sql(addBacklog).run(.tenant(tenantID), .int(change.openJobs), .int(change.pendingUsers))
            if change.openJobs < 0 { try db.sql(dropBacklog).run(.tenant(tenantID)) }
        }
    }

    static func read(_ db: Database) throws -> QueueCounters {
        try db.sql(selectTotals).first { row in
            var totals = QueueCounters()
            totals[.queued] = row.int(0)
            totals[.running] = row.int(1)
            totals[.completed] = row.int(2)
            totals[.completedWithErrors] = row.int(3)
            totals[.failed] = row.int(4)
            totals[.cancelled] = row.int(5)
            totals.pendingUsers = row.int(6)
            totals.deliveriesPending = row.int(7)
            totals.deliveriesDelivered = row.int(8)
            totals.deliveriesDead = row.int(9)
            return totals
        } ?? QueueCounters()
    }
}
