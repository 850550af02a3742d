import PostgreSQLSupport
import SyncModel
import UserDirectory

struct PostgresJobLog: JobLogTable {
    let commit: PostgresCommit

    /// What a statement meets that is no error of its row is met anew by the next: nothing is remembered.
    var standingRefusal: String? { nil }

    private static let insert = """
        INSERT INTO sync_logs (tenant_id, operation, total_users, successful, failed, details, synced_at, job_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (job_id) DO NOTHING
        """

    func insert(_ entry: SyncLogEntry) throws {
        try commit.one(
            Self.insert, .text(entry.tenantID.text), .text(entry.operation.rawValue), .int8(entry.totalUsers),
            .int8(entry.counts.successful), .int8(entry.counts.failed), .jsonb(SyncLogDetails(entry).json),
            .timestamp(entry.syncedAt.microseconds), .text(entry.jobID.text))
    }

    func add(_ entry: SyncLogEntry) throws -> String? {
        try commit.run(.once("SAVEPOINT usersync_log"))
        do {
            try insert(entry)
            try commit.run(.once("SET CONSTRAINTS ALL IMMEDIATE"), .once("RELEASE usersync_log"))
            return nil
        } catch let error as PostgresError where isRefusal(error) {
            try commit.run(.once("ROLLBACK TO usersync_log"), .once("RELEASE usersync_log"))
            return "\(error)"
        }
    }

    /// Also where the table is not there, or not as it should be (42).
    func isRefusal(_ error: any Error) -> Bool {
        guard let error = error as? PostgresError else { return false }
        return error.refusesOneUser || error.sqlState.hasPrefix("42")
    }
}
