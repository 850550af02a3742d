import GRDBSQLite

/// Transactions on SQLite's own handle.
package enum Transaction {
    package static func execute(_ sql: String, on connection: OpaquePointer) throws(SQLiteFailure) {
        guard sqlite3_exec(connection, sql, nil, nil, nil) == SQLITE_OK else { throw SQLiteFailure(connection) }
    }

    /// Whether a trigger's `RAISE(ROLLBACK)`, or an error that SQLite could not contain, has ended the transaction.
    package static func isOver(on connection: OpaquePointer) -> Bool { sqlite3_get_autocommit(connection) != 0 }

    /// Rolls back an open transaction. A failure here has no effect: SQLite has then already ended the transaction.
    package static func rollback(on connection: OpaquePointer) {
        if !isOver(on: connection) { try? execute("ROLLBACK", on: connection) }
    }

    /// Runs `body` in a transaction that holds the write lock from the start; any error undoes all of it.
    package static func immediate<Value>(on connection: OpaquePointer, _ body: () throws -> Value) throws -> Value {
        try execute("BEGIN IMMEDIATE", on: connection)
        do {
            let value = try body()
            try execute("COMMIT", on: connection)
            return value
        } catch {
            rollback(on: connection)
            throw error
        }
    }

    /// Runs `body`, which writes nothing, in a transaction that sees one state of the database throughout.
    package static func reading<Value>(on connection: OpaquePointer, _ body: () throws -> Value) throws -> Value {
        try execute("BEGIN", on: connection)
        // After damage that `body` has met and borne, SQLite does not commit even that.
        defer { if (try? execute("COMMIT", on: connection)) == nil { rollback(on: connection) } }
        return try body()
    }

    /// Whether a deferred foreign key is broken now, so that a commit would fail.
    package static func hasBrokenForeignKeys(on connection: OpaquePointer) -> Bool {
        var current: Int32 = 0
        var highest: Int32 = 0
        sqlite3_db_status(connection, SQLITE_DBSTATUS_DEFERRED_FKS, &current, &highest, 0)
        return current != 0
    }
}
