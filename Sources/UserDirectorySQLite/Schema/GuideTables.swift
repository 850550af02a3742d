import SyncModel
import UserDirectory

/// The integration guide's two tables for SQLite, with columns for what the payload carries and the guide's table drops, and
/// four of usersync's own tables.
enum GuideTables {
    /// SQLite's spelling of the integration guide's `NOW()`.
    private static let now = "(strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))"

    /// `UNIQUE` on the email is in `idx_users_email`, so that one index serves as both of the integration guide's.
    static let users = creation("users", userColumns + userAdditions)
    static let syncLogs = creation("sync_logs", syncLogColumns + syncLogAdditions)

    /// A column with its type.
    struct Column {
        var name: String
        /// As in the integration guide; an error message that asks for the column names it.
        var type: String
        /// Follows the type when usersync creates the table itself.
        var rest = ""
        var definition: String { "\(name) \(type)" }
    }

    private static func creation(_ table: String, _ columns: [Column]) -> String {
        "CREATE TABLE \(table) (\n  \(columns.map { $0.definition + $0.rest }.joined(separator: ",\n  "))\n)"
    }

    /// Columns for what the payload carries and the integration guide's table drops.
    static let userAdditions =
        UserField.stored.compactMap { field in field.addedType.map { Column(name: field.column, type: $0) } }
        + [Column(name: "sync_time", type: "TIMESTAMP")]
    static let syncLogAdditions = [Column(name: "job_id", type: "VARCHAR(36)")]

    /// What an existing table must have.
    static let userColumns = [
        Column(name: "id", type: "INTEGER PRIMARY KEY AUTOINCREMENT"),
        Column(name: "email", type: "VARCHAR(255)", rest: " NOT NULL"),
        Column(name: "name", type: "VARCHAR(255)", rest: " NOT NULL"),
        Column(name: "kinde_user_id", type: "VARCHAR(255)"),
        Column(name: "tenant_id", type: "VARCHAR(255)", rest: " NOT NULL"),
        Column(name: "is_active", type: "BOOLEAN DEFAULT true"),
        Column(name: "is_admin", type: "BOOLEAN DEFAULT false"),
        Column(name: "department", type: "VARCHAR(100)"),
        Column(name: "title", type: "VARCHAR(100)"),
        Column(name: "roles", type: "JSONB DEFAULT '[]'"),
        Column(name: "permissions", type: "JSONB DEFAULT '[]'"),
        Column(name: "synced_from", type: "VARCHAR(50) DEFAULT 'wrapper'"),
        Column(name: "last_synced_at", type: "TIMESTAMP"),
        Column(name: "created_at", type: "TIMESTAMP", rest: " DEFAULT \(now)"),
        Column(name: "updated_at", type: "TIMESTAMP", rest: " DEFAULT \(now)"),
    ]
    static let syncLogColumns = [
        Column(name: "id", type: "INTEGER PRIMARY KEY AUTOINCREMENT"),
        Column(name: "tenant_id", type: "VARCHAR(255)", rest: " NOT NULL"),
        Column(name: "operation", type: "VARCHAR(50)", rest: " NOT NULL"),
        Column(name: "total_users", type: "INTEGER", rest: " NOT NULL"),
        Column(name: "successful", type: "INTEGER DEFAULT 0"),
        Column(name: "failed", type: "INTEGER DEFAULT 0"),
        Column(name: "details", type: "JSONB"),
        Column(name: "synced_at", type: "TIMESTAMP", rest: " DEFAULT \(now)"),
    ]

    /// Which batches took effect and with which results (`results` NULL: a tombstone).
    static let ledger = """
        CREATE TABLE IF NOT EXISTS usersync_ledger (
          job_id TEXT NOT NULL, batch INTEGER NOT NULL, results BLOB, PRIMARY KEY (job_id, batch)
        ) WITHOUT ROWID
        """

    /// Users that wait for their job's last pass, the ids each carries and the address it asks for (`WaitingUsers`).
    static let waiting = """
        CREATE TABLE IF NOT EXISTS usersync_waiting (
          job_id TEXT NOT NULL, user_index INTEGER NOT NULL, wrapper_user_id TEXT, email TEXT, state INTEGER NOT NULL,
          record BLOB, result BLOB, kinde_user_id TEXT, row_id INTEGER, PRIMARY KEY (job_id, user_index)
        ) WITHOUT ROWID
        """
    /// Columns that an earlier version's table lacks.
    static let waitingAdditions = [Column(name: "kinde_user_id", type: "TEXT"), Column(name: "row_id", type: "INTEGER")]
    /// Partial, so that settled users are not scanned on the way to waiting ones.
    static let waitingIndexes = [
        """
        CREATE INDEX IF NOT EXISTS usersync_waiting_email ON usersync_waiting(job_id, email, user_index) WHERE state = 0
        """,
        """
        CREATE INDEX IF NOT EXISTS usersync_waiting_user ON usersync_waiting(job_id, wrapper_user_id, user_index) WHERE state = 0
        """,
        """
        CREATE INDEX IF NOT EXISTS usersync_waiting_kinde ON usersync_waiting(job_id, kinde_user_id, user_index)
        WHERE state = 0 AND kinde_user_id IS NOT NULL
        """,
        "CREATE INDEX IF NOT EXISTS usersync_waiting_row ON usersync_waiting(job_id, row_id, user_index) WHERE state = 2",
        """
        CREATE INDEX IF NOT EXISTS usersync_waiting_keeps ON usersync_waiting(job_id, wrapper_user_id, user_index) WHERE state = 2
        """,
        "CREATE INDEX IF NOT EXISTS usersync_waiting_written ON usersync_waiting(job_id, wrapper_user_id) WHERE state = 3",
    ]
    /// An earlier version's table of waiting users: emails, of jobs that have ended or will be applied again.
    static let dropConflicts = "DROP TABLE IF EXISTS usersync_conflicts"

    /// Removals of ids that no row had yet, with times in microseconds since 1970 (`EarlyRemovals`).
    static let removals = """
        CREATE TABLE IF NOT EXISTS usersync_removals (
          tenant_id TEXT NOT NULL, user_id TEXT NOT NULL, removed_at INTEGER NOT NULL, noted_at INTEGER NOT NULL,
          PRIMARY KEY (tenant_id, user_id)
        ) WITHOUT ROWID
        """
    /// Rows of persons whom a merge left with the tenant that became another one (`UserMerger`), and when, as it stands in them.
    static let merged = """
        CREATE TABLE IF NOT EXISTS usersync_merged (
          row_id INTEGER PRIMARY KEY, tenant_id TEXT NOT NULL, merged_at TEXT NOT NULL
        )
        """
    static let removalsIndexes = [
        "CREATE INDEX IF NOT EXISTS usersync_removals_moment ON usersync_removals(tenant_id, removed_at, noted_at)",
        "CREATE INDEX IF NOT EXISTS usersync_removals_age ON usersync_removals(noted_at)",
    ]
}
