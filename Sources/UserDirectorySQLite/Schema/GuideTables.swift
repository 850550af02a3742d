import UserDirectory

/// The integration guide's two tables for SQLite, with columns for what the payload carries and the guide's table drops, and
/// three of usersync's own tables.
enum GuideTables {
    /// SQLite's spelling of the integration guide's `NOW()`.
    private static let now = "(strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))"

    /// `UNIQUE` on the email is in `idx_users_email`, so that one index serves as both of the integration guide's.
    static let users = """
        CREATE TABLE users (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          email VARCHAR(255) NOT NULL,
          name VARCHAR(255) NOT NULL,
          kinde_user_id VARCHAR(255),
          tenant_id VARCHAR(255) NOT NULL,
          is_active BOOLEAN DEFAULT true,
          is_admin BOOLEAN DEFAULT false,
          department VARCHAR(100),
          title VARCHAR(100),
          roles JSONB DEFAULT '[]',
          permissions JSONB DEFAULT '[]',
          synced_from VARCHAR(50) DEFAULT 'wrapper',
          last_synced_at TIMESTAMP,
          created_at TIMESTAMP DEFAULT \(now),
          updated_at TIMESTAMP DEFAULT \(now),
          \(userAdditions.map(\.definition).joined(separator: ",\n  "))
        )
        """

    static let syncLogs = """
        CREATE TABLE sync_logs (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          tenant_id VARCHAR(255) NOT NULL,
          operation VARCHAR(50) NOT NULL,
          total_users INTEGER NOT NULL,
          successful INTEGER DEFAULT 0,
          failed INTEGER DEFAULT 0,
          details JSONB,
          synced_at TIMESTAMP DEFAULT \(now),
          \(syncLogAdditions.map(\.definition).joined(separator: ",\n  "))
        )
        """

    /// A column with its type.
    struct Column {
        var name: String
        var type: String
        var definition: String { "\(name) \(type)" }
    }

    static let userAdditions = [
        Column(name: "wrapper_user_id", type: "VARCHAR(255)"),
        Column(name: "avatar", type: "VARCHAR(2048)"),
        Column(name: "last_active_at", type: "TIMESTAMP"),
        Column(name: "allowed_applications", type: "JSONB"),
        Column(name: "subscription_tier", type: "VARCHAR(50)"),
        Column(name: "sync_time", type: "TIMESTAMP"),
    ]
    static let syncLogAdditions = [Column(name: "job_id", type: "VARCHAR(36)")]

    /// What an existing table must have; the type is the integration guide's, for the error message.
    static let userColumns = [
        Column(name: "id", type: "INTEGER PRIMARY KEY AUTOINCREMENT"),
        Column(name: "email", type: "VARCHAR(255)"),
        Column(name: "name", type: "VARCHAR(255)"),
        Column(name: "kinde_user_id", type: "VARCHAR(255)"),
        Column(name: "tenant_id", type: "VARCHAR(255)"),
        Column(name: "is_active", type: "BOOLEAN DEFAULT true"),
        Column(name: "is_admin", type: "BOOLEAN DEFAULT false"),
        Column(name: "department", type: "VARCHAR(100)"),
        Column(name: "title", type: "VARCHAR(100)"),
        Column(name: "roles", type: "JSONB DEFAULT '[]'"),
        Column(name: "permissions", type: "JSONB DEFAULT '[]'"),
        Column(name: "synced_from", type: "VARCHAR(50) DEFAULT 'wrapper'"),
        Column(name: "last_synced_at", type: "TIMESTAMP"),
        Column(name: "created_at", type: "TIMESTAMP"),
        Column(name: "updated_at", type: "TIMESTAMP"),
    ]
    static let syncLogColumns = [
        Column(name: "id", type: "INTEGER PRIMARY KEY AUTOINCREMENT"),
        Column(name: "tenant_id", type: "VARCHAR(255)"),
        Column(name: "operation", type: "VARCHAR(50)"),
        Column(name: "total_users", type: "INTEGER"),
        Column(name: "successful", type: "INTEGER DEFAULT 0"),
        Column(name: "failed", type: "INTEGER DEFAULT 0"),
        Column(name: "details", type: "JSONB"),
        Column(name: "synced_at", type: "TIMESTAMP"),
    ]

    /// Which batches took effect and with which results (`results` NULL: a tombstone).
    static let ledger = """
        CREATE TABLE IF NOT EXISTS usersync_ledger (
          job_id TEXT NOT NULL, batch INTEGER NOT NULL, results BLOB, PRIMARY KEY (job_id, batch)
        ) WITHOUT ROWID
        """

    /// Users that wait for their job's last pass, the id each carries and the address it asks for (`WaitingUsers`).
    static let waiting = """
        CREATE TABLE IF NOT EXISTS usersync_waiting (
          job_id TEXT NOT NULL, user_index INTEGER NOT NULL, wrapper_user_id TEXT, email TEXT, state INTEGER NOT NULL,
          record BLOB, result BLOB, PRIMARY KEY (job_id, user_index)
        ) WITHOUT ROWID
        """
    /// Partial, so that settled users are not scanned on the way to waiting ones.
    static let waitingIndexes = [
        """
        CREATE INDEX IF NOT EXISTS usersync_waiting_email ON usersync_waiting(job_id, email, user_index) WHERE state = 0
        """,
        """
        CREATE INDEX IF NOT EXISTS usersync_waiting_user ON usersync_waiting(job_id, wrapper_user_id, user_index) WHERE state = 0
        """,
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
    static let removalsIndexes = [
        "CREATE INDEX IF NOT EXISTS usersync_removals_moment ON usersync_removals(tenant_id, removed_at, noted_at)",
        "CREATE INDEX IF NOT EXISTS usersync_removals_age ON usersync_removals(noted_at)",
    ]
}
