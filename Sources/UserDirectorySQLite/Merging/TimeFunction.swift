import GRDBSQLite
import SQLiteSupport
import SyncModel

/// `usersync_time(text)` for SQL: a stored time in microseconds since 1970, as the server reads it; NULL for what is none. SQLite's own
/// functions know milliseconds at most.
enum TimeFunction {
    static let name = "usersync_time"

    static func add(to connection: OpaquePointer) throws(SQLiteFailure) {
        let code = sqlite3_create_function_v2(
            connection, name, 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nil,
            { context, _, values in
                guard let value = values?[0], sqlite3_value_type(value) == SQLITE_TEXT, let start = sqlite3_value_text(value),
                    let time = Timestamp(
                        iso8601: UnsafeRawBufferPointer(start: start, count: Int(sqlite3_value_bytes(value))))
                else { return sqlite3_result_null(context) }
                sqlite3_result_int64(context, time.microseconds)
            }, nil, nil, nil)
        guard code == SQLITE_OK else { throw SQLiteFailure(connection) }
    }
}
