import GRDB
import SQLiteSupport
import SyncModel
import UserDirectory

/// The partial index over emails in mixed case: rows of an older table, or written by the CRM.
///
/// usersync stores emails in lower case, so the index is needed only if such rows exist or another process writes the file;
/// otherwise it would cost every new user a tenth of its time. `PRAGMA data_version` shows other processes' commits.
enum MixedCaseIndex {
    static let name = "idx_users_email_lower"
    static let create = "CREATE INDEX IF NOT EXISTS \(name) ON users(lower(email)) WHERE email <> lower(email)"
    static let exists = "SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = '\(name)'"

    /// At the start, inside the transaction that upgrades the tables: creates the index if there are such rows.
    /// - Returns: the data version the answer belongs to.
    static func prepare(_ db: Database) throws -> Int64 {
        if try Int.fetchOne(db, sql: exists) == nil,
            try Int.fetchOne(db, sql: "SELECT 1 FROM users WHERE email <> lower(email) LIMIT 1") != nil
        {
            try db.execute(sql: create)
        }
        return try Int64.fetchOne(db, sql: "PRAGMA data_version") ?? 0
    }

    /// Whether there are such rows now. Call it inside a transaction that holds the write lock.
    static func findsRows(_ statements: UserStatements, hasTriggers: Bool) throws(SQLiteFailure) -> Bool {
        if try !statements(exists).found() {
            let version = try statements("PRAGMA data_version")
            _ = try version.step()
            defer { version.reset() }
            guard hasTriggers || version.int64(0) != statements.preparedDataVersion else { return false }
            try Transaction.execute(create, on: statements.connection)
        }
        return try statements(UserSQL.mixedCaseExists).found()
    }
}
