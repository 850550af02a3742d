import GRDBSQLite

/// The current row of a statement, as SQLite holds it. Bytes are valid until the next step or reset.
extension SQLStatement {
    @inlinable package func int64(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    @inlinable package func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    /// The bytes of a text; `nil` for any other type.
    @inlinable
    package func text(_ column: Int32) -> UnsafeRawBufferPointer? {
        guard sqlite3_column_type(handle, column) == SQLITE_TEXT else { return nil }
        let start = sqlite3_column_text(handle, column)
        return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column)))
    }

    /// A whole number; `nil` for any other type.
    @inlinable
    package func integer(_ column: Int32) -> Int64? {
        sqlite3_column_type(handle, column) == SQLITE_INTEGER ? sqlite3_column_int64(handle, column) : nil
    }

    package func string(_ column: Int32) -> String? { text(column).map { String(decoding: $0, as: UTF8.self) } }

    package func blob(_ column: Int32) -> UnsafeRawBufferPointer {
        let start = sqlite3_column_blob(handle, column)
        return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column)))
    }
}
