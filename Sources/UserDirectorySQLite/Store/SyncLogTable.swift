import GRDBSQLite
import SQLiteSupport
import SyncModel
import UserDirectory

struct SyncLogTable: JobLogTable {
    let statements: UserStatements
    let trouble: SyncLogTrouble

    var standingRefusal: String? { trouble.standing }

    /// Whether the table refused the row: a constraint, its schema, a trigger. A failure of the whole directory is not one.
    static func isRefusal(_ failure: SQLiteFailure) -> Bool {
        switch failure.primaryCode {
        case SQLITE_CONSTRAINT, SQLITE_TOOBIG, SQLITE_MISMATCH, SQLITE_RANGE, SQLITE_ERROR, SQLITE_SCHEMA: true
        default: false
        }
    }

    func isRefusal(_ error: any Error) -> Bool { (error as? SQLiteFailure).map { Self.isRefusal($0) } ?? false }

    func add(_ entry: SyncLogEntry) throws(SQLiteFailure) -> String? {
        if let refusal = standingRefusal { return refusal }
        try statements("SAVEPOINT usersync_log").run()
        do throws(SQLiteFailure) {
            try insert(entry)
            if Transaction.hasBrokenForeignKeys(on: statements.connection) {
                throw .brokenForeignKey
            }
            try statements("RELEASE usersync_log").run()
            return nil
        } catch  where Self.isRefusal(error) && !Transaction.isOver(on: statements.connection) {
            try statements("ROLLBACK TO usersync_log").run()
            try statements("RELEASE usersync_log").run()
            return error.message
        }
    }

    func insert(_ entry: SyncLogEntry) throws(SQLiteFailure) {
        do throws(SQLiteFailure) {
            try write(entry)
        } catch {
            trouble.met(error)
            throw error
        }
    }

    private func write(_ entry: SyncLogEntry) throws(SQLiteFailure) {
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
        insert.bind(6, copying: SyncLogDetails(entry).json)
        insert.bind(7, copying: entry.syncedAt.iso8601)
        insert.bind(8, copying: entry.jobID.text)
        do throws(SQLiteFailure) { try insert.run() } catch { throw RowIDs(of: "sync_logs", statements).failure(error) }
    }
}
