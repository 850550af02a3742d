import PostgreSQLSupport
import SyncModel
import UserDirectory

/// The integration guide's two tables, with columns for what the payload carries and the guide's table drops, and usersync's own.
///
/// Each statement may be run again.
enum PostgresTables {
    private static let userColumns = """
        id SERIAL PRIMARY KEY, email VARCHAR(255) NOT NULL, name VARCHAR(255) NOT NULL, kinde_user_id VARCHAR(255),
        tenant_id VARCHAR(255) NOT NULL, is_active BOOLEAN DEFAULT true, is_admin BOOLEAN DEFAULT false, department VARCHAR(100),
        title VARCHAR(100), roles JSONB DEFAULT '[]', permissions JSONB DEFAULT '[]', synced_from VARCHAR(50) DEFAULT 'wrapper',
        last_synced_at TIMESTAMP, created_at TIMESTAMP DEFAULT (now() AT TIME ZONE 'UTC'),
        updated_at TIMESTAMP DEFAULT (now() AT TIME ZONE 'UTC')
        """
    private static let userAdditions =
        UserField.stored.compactMap { field in field.addedType.map { "\(field.column) \($0)" } } + ["sync_time TIMESTAMP"]

    /// - Parameter scope: in which users' emails are unique.
    static func creation(_ scope: EmailScope) -> [String] {
        [
            // Room on each page for another version of a row: it then stays where its index entries lead.
            "CREATE TABLE IF NOT EXISTS users (\(([userColumns] + userAdditions).joined(separator: ", "))) WITH (fillfactor = 50)",
            """
            CREATE TABLE IF NOT EXISTS sync_logs (id SERIAL PRIMARY KEY, tenant_id VARCHAR(255) NOT NULL,
              operation VARCHAR(50) NOT NULL, total_users INTEGER NOT NULL, successful INTEGER DEFAULT 0, failed INTEGER DEFAULT 0,
              details JSONB, synced_at TIMESTAMP DEFAULT (now() AT TIME ZONE 'UTC'), job_id VARCHAR(36))
            """,
            """
            CREATE TABLE IF NOT EXISTS usersync_ledger (
              job_id TEXT COLLATE "C" NOT NULL, batch BIGINT NOT NULL, results BYTEA, PRIMARY KEY (job_id, batch))
            """,
            """
            CREATE TABLE IF NOT EXISTS usersync_waiting (
              job_id TEXT COLLATE "C" NOT NULL, user_index BIGINT NOT NULL, wrapper_user_id TEXT COLLATE "C",
              email TEXT COLLATE "C", state BIGINT NOT NULL, record BYTEA, result BYTEA, kinde_user_id TEXT COLLATE "C",
              row_id BIGINT, PRIMARY KEY (job_id, user_index))
            """,
            """
            CREATE TABLE IF NOT EXISTS usersync_removals (
              tenant_id TEXT COLLATE "C" NOT NULL, user_id TEXT COLLATE "C" NOT NULL, removed_at BIGINT NOT NULL,
              noted_at BIGINT NOT NULL, PRIMARY KEY (tenant_id, user_id))
            """,
            scope == .global
                ? "CREATE UNIQUE INDEX IF NOT EXISTS idx_users_email ON users (email)"
                : "CREATE UNIQUE INDEX IF NOT EXISTS usersync_users_tenant_email ON users (tenant_id, email)",
            "CREATE UNIQUE INDEX IF NOT EXISTS usersync_users_tenant_wrapper_user ON users (tenant_id, wrapper_user_id)",
            "CREATE INDEX IF NOT EXISTS idx_users_tenant_id ON users (tenant_id)",
            "CREATE INDEX IF NOT EXISTS idx_users_kinde_user_id ON users (kinde_user_id)",
            """
            CREATE INDEX IF NOT EXISTS usersync_users_email_lower ON users (\(PostgresUserSQL.lowered))
            WHERE \(PostgresUserSQL.isMixed)
            """,
            "CREATE UNIQUE INDEX IF NOT EXISTS usersync_logs_job ON sync_logs (job_id)",
            "CREATE INDEX IF NOT EXISTS usersync_waiting_email ON usersync_waiting (job_id, email, user_index) WHERE state = 0",
            """
            CREATE INDEX IF NOT EXISTS usersync_waiting_user ON usersync_waiting (job_id, wrapper_user_id, user_index)
            WHERE state = 0
            """,
            """
            CREATE INDEX IF NOT EXISTS usersync_waiting_kinde ON usersync_waiting (job_id, kinde_user_id, user_index)
            WHERE state = 0 AND kinde_user_id IS NOT NULL
            """,
            "CREATE INDEX IF NOT EXISTS usersync_waiting_row ON usersync_waiting (job_id, row_id, user_index) WHERE state = 2",
            """
            CREATE INDEX IF NOT EXISTS usersync_waiting_keeps ON usersync_waiting (job_id, wrapper_user_id, user_index)
            WHERE state = 2
            """,
            "CREATE INDEX IF NOT EXISTS usersync_waiting_written ON usersync_waiting (job_id, wrapper_user_id) WHERE state = 3",
            "CREATE INDEX IF NOT EXISTS usersync_removals_moment ON usersync_removals (tenant_id, removed_at, noted_at)",
            "CREATE INDEX IF NOT EXISTS usersync_removals_age ON usersync_removals (noted_at)",
        ]
    }
}
