import GRDB
import JobQueue
@testable import JobQueueSQLite

extension SQLiteJobQueue {
    /// Figures that differ from what the tables hold when counted, and rows that belong to nothing.
    func audit() async throws -> [String] {
        try await read { db in
            let figures: [(name: String, kept: String, counted: String)] =
                ["queued", "running", "completed", "completed_with_errors", "failed", "cancelled"].enumerated().map {
                    ($1, "SELECT \($1) FROM counters", "SELECT count(*) FROM jobs WHERE state = \($0)")
                }
                + ["pending", "delivered", "dead"].enumerated().map {
                    ($1, "SELECT deliveries_\($1) FROM counters", "SELECT count(*) FROM deliveries WHERE state = \($0)")
                } + [
                    (
                        "pending users", "SELECT pending_users FROM counters",
                        """
                        SELECT coalesce(sum(total_users - created - updated - unchanged - stale - removed - failed - cancelled), 0)
                        FROM jobs
                        """
                    ),
                    (
                        "open users by batch", "SELECT pending_users FROM counters",
                        """
                        SELECT (SELECT coalesce(sum(users), 0) FROM batches WHERE done = 0)
                            + (SELECT coalesce(sum(deferred), 0) FROM jobs)
                        """
                    ),
                    (
                        "tenants",
                        "SELECT coalesce(group_concat(tenant_id || open_jobs || '/' || pending_users), '') FROM tenants",
                        """
                        SELECT coalesce(group_concat(t), '') FROM (
                            SELECT tenant_id || count(*) || '/' || sum(
                                total_users - created - updated - unchanged - stale - removed - failed - cancelled) AS t
                            FROM jobs WHERE state < 2 GROUP BY tenant_id ORDER BY tenant_id)
                        """
                    ),
                    ("deferred users", "SELECT coalesce(sum(deferred), 0) FROM jobs", "SELECT count(*) FROM deferred"),
                    ("batches", "SELECT coalesce(sum(batches), 0) FROM jobs", "SELECT count(*) FROM batches"),
                    (
                        "batches done", "SELECT coalesce(sum(batches_done), 0) FROM jobs",
                        "SELECT count(*) FROM batches WHERE done > 0"
                    ),
                    (
                        "payloads", "SELECT count(*) FROM payloads",
                        "SELECT count(*) FROM batches WHERE done = 0 OR (done = 1 AND failed > 0)"
                    ),
                    ("leftovers", "SELECT 0", "SELECT count(*) FROM leftovers"),
                    ("bodies", "SELECT count(*) FROM deliveries", "SELECT count(*) FROM delivery_bodies"),
                    (
                        "held jobs", "SELECT 0",
                        """
                        SELECT count(*) FROM jobs WHERE phase = 5 AND NOT EXISTS (
                            SELECT 1 FROM tenant_merges m WHERE m.state < 2 AND jobs.tenant_id IN (m.alias, m.tenant_id))
                        """
                    ),
                    (
                        "phases", "SELECT 0",
                        """
                        SELECT count(*) FROM jobs WHERE phase <> CASE
                            WHEN state >= 2 THEN max(phase, 3)
                            WHEN phase = 5 THEN 5
                            WHEN batches_done < batches OR deferred > 0 THEN cancel_requested
                            ELSE 2 END
                        """
                    ),
                ]
            return try figures.compactMap { name, kept, counted in
                let kept = try DatabaseValue.fetchOne(db, sql: kept) ?? .null
                let counted = try DatabaseValue.fetchOne(db, sql: counted) ?? .null
                return kept == counted ? nil : "\(name): kept \(kept), counted \(counted)"
            }
        }
    }
}
