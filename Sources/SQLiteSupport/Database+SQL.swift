package import GRDB
import GRDBSQLite

extension Database {
    /// The statement for constant SQL; GRDB keeps it for this connection.
    package func sql(_ text: String) throws -> SQLStatement {
        let statement = try cachedStatement(sql: text)
        return SQLStatement(statement.sqliteStatement, of: statement)
    }

    /// Rows changed by the last statement.
    package var changes: Int { Int(sqlite3_changes64(sqliteConnection)) }

    /// True outside a transaction; SQLite leaves one by itself on some failures (full disk, input/output).
    package var isOutsideTransaction: Bool { sqlite3_get_autocommit(sqliteConnection) != 0 }

    /// Milliseconds for which a statement waits for a lock that another connection holds.
    package func setBusyTimeout(_ milliseconds: Int32) { sqlite3_busy_timeout(sqliteConnection, milliseconds) }
}
