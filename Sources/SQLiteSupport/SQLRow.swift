import GRDBSQLite

/// One row of a running statement, as Swift values; valid until the next step. Texts and bytes are copied.
package struct SQLRow {
    private let statement: SQLStatement

    init(_ statement: SQLStatement) { self.statement = statement }

    private static let largest: Int64 = 1 << 47

    /// A key, as stored: to be compared and bound, not to be calculated with.
    package func int64(_ column: Int32) -> Int64 { statement.int64(column) }

    /// A count or a code. Whatever a damaged file holds, calculating with it never comes near the edge of `Int`: all that is counted is
    /// far smaller.
    package func int(_ column: Int32) -> Int { Int(max(-Self.largest, min(int64(column), Self.largest))) }

    package func double(_ column: Int32) -> Double { sqlite3_column_double(statement.handle, column) }

    package func isNull(_ column: Int32) -> Bool { statement.isNull(column) }
    package func optionalInt(_ column: Int32) -> Int? { isNull(column) ? nil : int(column) }

    package func text(_ column: Int32) -> String { optionalText(column) ?? "" }

    /// `nil` for NULL; a value of another type as SQLite writes it.
    package func optionalText(_ column: Int32) -> String? {
        let handle = statement.handle
        guard let start = sqlite3_column_text(handle, column) else { return nil }
        return String(
            decoding: UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column))), as: UTF8.self)
    }

    package func bytes(_ column: Int32) -> [UInt8] { Array(statement.blob(column)) }
}
