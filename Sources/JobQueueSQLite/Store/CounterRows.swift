import GRDB
import SQLiteSupport
import SyncModel

/// Figures kept up to date so that rows need not be counted: one row of totals, and one row per tenant with open jobs.
///
/// They fail no commit, whatever something else has written into them: what stands there is not calculated with unless it is a
/// number of a plausible size.
enum CounterRows {
    static let columns = [
        "queued", "running", "completed", "completed_with_errors", "failed", "cancelled", "pending_users", "deliveries_pending",
        "deliveries_delivered", "deliveries_dead",
    ]

    private static let setTotals =
        "UPDATE counters SET \(columns.enumerated().map { "\($1) = ?\($0 + 1)" }.joined(separator: ", ")) WHERE id = 1"
    private static let selectTotals = "SELECT \(columns.joined(separator: ", ")) FROM counters WHERE id = 1"
    private static let addBacklog = """
        INSERT INTO tenants (tenant_id, open_jobs, pending_users) VALUES (?1, max(0, ?2), max(0, ?3))
        ON CONFLICT (tenant_id) DO UPDATE
            SET open_jobs = max(0, \(Figure.plausible("open_jobs")) + ?2), pending_users = max(0, \(Figure.plausible("pending_users")) + ?3)
        """
    private static let dropBacklog = "DELETE FROM tenants WHERE tenant_id = ?1 AND open_jobs = 0"

    /// Writes what the operations of one commit changed, once for all of them.
    /// - Parameter totals: the figures as of the commit before.
    static func write(_ contexts: [WriteContext], after totals: QueueCounters, _ db: Database) throws {
        var sum = QueueCounters()
        var backlogs: [TenantID: BacklogChange] = [:]
        for context in contexts {
            sum += context.totals
            for (tenantID, change) in context.backlogs {
                backlogs[tenantID, default: BacklogChange()].openJobs += change.openJobs
                backlogs[tenantID, default: BacklogChange()].pendingUsers += change.pendingUsers
            }
        }
        if sum != QueueCounters() { try write(totals.after(sum), db) }
        for (tenantID, change) in backlogs {
            try db.sql(addBacklog).run(.tenant(tenantID), .int(change.openJobs), .int(change.pendingUsers))
            if change.openJobs < 0 { try db.sql(dropBacklog).run(.tenant(tenantID)) }
        }
    }

    static func write(_ totals: QueueCounters, _ db: Database) throws {
        try db.sql(setTotals).run(
            .int(totals[.queued]), .int(totals[.running]), .int(totals[.completed]), .int(totals[.completedWithErrors]),
            .int(totals[.failed]), .int(totals[.cancelled]), .int(totals.pendingUsers), .int(totals.deliveriesPending),
            .int(totals.deliveriesDelivered), .int(totals.deliveriesDead))
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
