package import GRDB
import GRDBSQLite

extension Database {
    /// The statement for constant SQL; GRDB keeps it for this connection.
    package func sql(_ text: String) throws -> SQLStatement {
        let statement = try cachedStatement(sql: text)
        return SQLStatement(statement.sqliteStatement, of: statement)
    }

    /// Milliseconds for which a statement waits for a lock that another connection holds.
    package func setBusyTimeout(_ milliseconds: Int32) { sqlite3_busy_timeout(sqliteConnection, milliseconds) }
}
