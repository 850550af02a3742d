import GRDBSQLite
import UserDirectory

/// A compiled statement whose parameters are bound without copying.
///
/// Bytes are bound as `SQLITE_STATIC`: they must stay in place until the step is done, and every parameter that a statement reads
/// must be bound again before the next step (or have been bound as a copy).
final class RawStatement {
    private let handle: OpaquePointer
    private let connection: OpaquePointer
    /// The batch whose constants are bound; maintained by the owner.
    var boundFor = 0

    /// SQLite's `SQLITE_TRANSIENT`: the bytes are copied at once.
    private static let copy = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    init(_ connection: OpaquePointer, _ sql: String) throws(SQLiteFailure) {
        var handle: OpaquePointer?
        let code = sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
        guard code == SQLITE_OK, let handle else {
            var failure = SQLiteFailure(connection)
            failure.isSchemaTrouble = failure.primaryCode == SQLITE_ERROR
            throw failure
        }
        self.handle = handle
        self.connection = connection
    }

    deinit { sqlite3_finalize(handle) }

    func bind(_ at: Int32, _ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > 0, let start = bytes.baseAddress else {
            // A null pointer would bind NULL.
            sqlite3_bind_text(handle, at, "", 0, Self.copy)
            return
        }
        sqlite3_bind_text(handle, at, start.assumingMemoryBound(to: CChar.self), Int32(bytes.count), nil)
    }

    func bind(_ at: Int32, copying text: String) {
        var text = text
        _ = text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) {
                sqlite3_bind_text(handle, at, $0.baseAddress, Int32($0.count), Self.copy)
            }
        }
    }

    func bind(_ at: Int32, copying text: String?) {
        if let text { bind(at, copying: text) } else { bindNull(at) }
    }

    /// Text from arbitrary bytes.
    func bind(_ at: Int32, copying bytes: [UInt8]) {
        bytes.withUnsafeBytes { bytes in
            // A null pointer would bind NULL.
            guard let start = bytes.baseAddress, bytes.count > 0 else { return bind(at, bytes) }
            sqlite3_bind_text(handle, at, start.assumingMemoryBound(to: CChar.self), Int32(bytes.count), Self.copy)
        }
    }

    /// A blob that must stay in place until the step is done.
    func bind(_ at: Int32, blob bytes: UnsafeRawBufferPointer) {
        sqlite3_bind_blob(handle, at, bytes.baseAddress, Int32(bytes.count), nil)
    }

    func bind(_ at: Int32, blob bytes: [UInt8]) {
        sqlite3_bind_blob(handle, at, bytes, Int32(bytes.count), Self.copy)
    }

    func bind(_ at: Int32, _ value: Int64) { sqlite3_bind_int64(handle, at, value) }
    func bindNull(_ at: Int32) { sqlite3_bind_null(handle, at) }

    func bind(_ at: Int32, _ value: FieldValue) {
        switch value {
        case .text(let bytes): bind(at, bytes)
        case .flag(let flag): bind(at, flag ? 1 : 0)
        case .null: bindNull(at)
        }
    }

    /// True if there is a row; false if the statement is done and reset.
    func step() throws(SQLiteFailure) -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE:
            sqlite3_reset(handle)
            return false
        default:
            var failure = SQLiteFailure(connection)
            sqlite3_reset(handle)
            if failure.primaryCode == SQLITE_ERROR { failure.isSchemaTrouble = !compilesStill }
            throw failure
        }
    }

    /// Runs a statement that returns no rows.
    func run() throws(SQLiteFailure) { while try step() {} }

    func reset() { sqlite3_reset(handle) }

    // MARK: The current row

    func int64(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }
    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    /// The bytes of a text; `nil` for any other type. Valid until the next step or reset.
    func text(_ column: Int32) -> UnsafeRawBufferPointer? {
        guard sqlite3_column_type(handle, column) == SQLITE_TEXT else { return nil }
        let start = sqlite3_column_text(handle, column)
        return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column)))
    }

    /// A whole number; `nil` for any other type.
    func integer(_ column: Int32) -> Int64? {
        sqlite3_column_type(handle, column) == SQLITE_INTEGER ? sqlite3_column_int64(handle, column) : nil
    }

    func string(_ column: Int32) -> String? { text(column).map { String(decoding: $0, as: UTF8.self) } }

    /// The bytes of a blob, valid until the next step or reset.
    func blob(_ column: Int32) -> UnsafeRawBufferPointer {
        let start = sqlite3_column_blob(handle, column)
        return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column)))
    }

    /// SQLite recompiles a statement when the schema has changed: an error may come from that and not from the user.
    private var compilesStill: Bool {
        var again: OpaquePointer?
        defer { sqlite3_finalize(again) }
        return sqlite3_prepare_v3(connection, sqlite3_sql(handle), -1, 0, &again, nil) == SQLITE_OK
    }
}
