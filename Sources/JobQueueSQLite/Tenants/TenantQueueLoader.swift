import GRDB
import JobQueue
import SQLiteSupport
import SyncModel

/// Reads at start which tenants have work: one entry per tenant, no single jobs.
enum TenantQueueLoader {
    static let tenants = """
        SELECT tenant_id, min(seq) AS head FROM jobs INDEXED BY jobs_lane WHERE phase = 0 GROUP BY tenant_id ORDER BY head
        """
    static let backoffs = "SELECT \(JobRow.columns) FROM jobs INDEXED BY jobs_backoff WHERE retry_at IS NOT NULL"
    private static let attempts = "SELECT attempts FROM batches WHERE id = ?1"
    private static let numbers = """
        SELECT max(coalesce((SELECT max(seq) FROM jobs), 0), coalesce((SELECT max(batch_key) FROM leftovers), 0),
            coalesce((SELECT max(id) >> 20 FROM batches), 0), coalesce((SELECT max(last_job) FROM tenant_merges), 0))
        """

    static let newestAcceptance = "SELECT max(accepted_at) FROM jobs INDEXED BY jobs_state WHERE state = ?1"

    static func load(_ db: Database) throws -> TenantQueue {
        var queue = TenantQueue()
        try db.sql(tenants).forEach { queue.setWork(TenantID($0.text(0)), true) }
        try db.sql(TenantFacts.cancelling).forEach { queue.setCancelling($0.int64(0), true) }
        for row in try db.sql(backoffs).all(map: { JobRow($0) }) {
            guard let row, row.phase == .working, let batch = row.retryBatch, let until = row.retryAt else { continue }
            let attempts = try db.sql(Self.attempts).first(.int(BatchName.id(key: row.batchKey, number: batch))) { $0.int(0) }
            queue.backOff(
                row.job.tenantID,
                Backoff(
                    jobID: row.job.id, seq: row.seq, batch: batch, attempts: attempts ?? 0, until: until,
                    lastError: row.job.attempts.first?.error ?? ""))
        }
        _ = queue.takeAnnounced()
        return queue
    }

    /// The largest number in use, at the end of a merge too, as `jobs.seq` or batch key.
    static func lastNumber(_ db: Database) throws -> Int64 {
        try db.sql(numbers).first { $0.int64(0) } ?? 0
    }

    /// When the newest job was accepted; 1970 if there is none.
    static func lastAcceptance(_ db: Database) throws -> Timestamp {
        let newest: [Timestamp] = try JobState.allCases.compactMap { state in
            try db.sql(newestAcceptance).first(.int(state.code)) { $0.optionalTime(0) } ?? nil
        }
        return newest.max() ?? Timestamp(microseconds: 0)
    }
}
