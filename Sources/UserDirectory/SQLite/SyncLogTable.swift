import SyncModel

/// The guide's `sync_logs`: one row a job.
struct SyncLogTable {
    let statements: UserStatements

    /// Writes a job's row unless it has one.
    func add(_ entry: SyncLogEntry) throws {
        let insert = try statements(
            """
            INSERT INTO sync_logs (tenant_id, operation, total_users, successful, failed, details, synced_at, job_id)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT(job_id) DO NOTHING
            """)
        insert.bind(1, copying: entry.tenantID.text)
        insert.bind(2, copying: entry.operation.rawValue)
        insert.bind(3, Int64(entry.totalUsers))
        insert.bind(4, Int64(entry.counts.successful))
        insert.bind(5, Int64(entry.counts.failed))
        insert.bind(6, copying: SyncLogDetails(entry: entry).json)
        insert.bind(7, copying: entry.syncedAt.iso8601)
        insert.bind(8, copying: entry.jobID.text)
        try insert.run()
    }
}
