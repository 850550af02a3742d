import GRDBSQLite

/// A compiled SQLite statement, without GRDB's rows and arguments: those cost more than SQLite itself on the statements that run
/// once per user or batch.
///
/// It is used in one of two ways. `run`, `first`, `all` and `forEach` bind values, run to the end and clear the bindings. `bind`
/// and `step` do one thing each: bindings persist, and bytes are bound in place, not copied, unless the label says `copying`.
/// Those bytes must stay valid until the step is done, and every parameter that the statement reads must be bound again before
/// the next step.
///
/// A statement must not be run again while its rows are being read.
package final class SQLStatement {
    @usableFromInline let handle: OpaquePointer
    private let connection: OpaquePointer?
    /// The object that finalizes the handle; `nil`: this one.
    private let owner: AnyObject?
    /// Which batch's constants are bound; maintained by the caller.
    package var boundFor = 0

    /// Compiles a statement that lives as long as this object.
    package init(_ connection: OpaquePointer, _ sql: String) throws(SQLiteFailure) {
        var handle: OpaquePointer?
        let code = sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
        guard code == SQLITE_OK, let handle else {
            var failure = SQLiteFailure(connection)
            failure.isSchemaTrouble = failure.primaryCode == SQLITE_ERROR
            throw failure
        }
        self.handle = handle
        self.connection = connection
        owner = nil
    }

    /// Uses a statement that `owner` keeps and finalizes.
    init(_ handle: OpaquePointer, of owner: AnyObject) {
        self.handle = handle
        self.owner = owner
        connection = sqlite3_db_handle(handle)
    }

    deinit {
        if owner == nil { sqlite3_finalize(handle) }
    }

    // MARK: Binding one parameter

    @inlinable
    package func bind(_ at: Int32, _ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > 0, let start = bytes.baseAddress else {
            return bindEmpty(at)
        }
        sqlite3_bind_text(handle, at, start.assumingMemoryBound(to: CChar.self), Int32(bytes.count), nil)
    }

    /// A null pointer would bind NULL.
    @usableFromInline func bindEmpty(_ at: Int32) { sqlite3_bind_text(handle, at, "", 0, Self.copy) }

    package func bind(_ at: Int32, copying text: String) { _ = bindText(at, text) }

    package func bind(_ at: Int32, copying text: String?) {
        if let text { bind(at, copying: text) } else { bindNull(at) }
    }

    /// Bytes as text, valid UTF-8 or not.
    package func bind(_ at: Int32, copying bytes: [UInt8]) {
        bytes.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress, bytes.count > 0 else { return bindEmpty(at) }
            sqlite3_bind_text(handle, at, start.assumingMemoryBound(to: CChar.self), Int32(bytes.count), Self.copy)
        }
    }

    package func bind(_ at: Int32, blob bytes: UnsafeRawBufferPointer) {
        sqlite3_bind_blob(handle, at, bytes.baseAddress, Int32(bytes.count), nil)
    }

    package func bind(_ at: Int32, blob bytes: [UInt8]) { _ = bindBlob(at, bytes) }

    @inlinable package func bind(_ at: Int32, _ value: Int64) { sqlite3_bind_int64(handle, at, value) }
    @inlinable package func bindNull(_ at: Int32) { sqlite3_bind_null(handle, at) }

    /// Binds the values from the first parameter on.
    func bind(_ values: [SQLValue]) throws(SQLiteFailure) {
        var at: Int32 = 0
        for value in values {
            at += 1
            let code =
                switch value {
                case .null: sqlite3_bind_null(handle, at)
                case .int(let number): sqlite3_bind_int64(handle, at, number)
                case .text(let text): bindText(at, text)
                case .bytes(let bytes): bindBlob(at, bytes)
                }
            guard code == SQLITE_OK else { throw SQLiteFailure(connection) }
        }
    }

    private func bindText(_ at: Int32, _ text: String) -> Int32 {
        var text = text
        return text.withUTF8 { utf8 in
            utf8.withMemoryRebound(to: CChar.self) {
                sqlite3_bind_text64(handle, at, $0.baseAddress, sqlite3_uint64($0.count), Self.copy, UInt8(SQLITE_UTF8))
            }
        }
    }

    private func bindBlob(_ at: Int32, _ bytes: [UInt8]) -> Int32 {
        bytes.withUnsafeBytes { raw in
            raw.isEmpty
                ? sqlite3_bind_zeroblob(handle, at, 0)
                : sqlite3_bind_blob64(handle, at, raw.baseAddress, sqlite3_uint64(raw.count), Self.copy)
        }
    }

    /// Makes SQLite copy what is bound (`SQLITE_TRANSIENT`, a cast that Swift does not import).
    private static let copy = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    // MARK: Running

    /// True: there is a row. False: the statement is done and reset.
    package func step() throws(SQLiteFailure) -> Bool {
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

    /// Runs a statement that returns no rows, with what is bound.
    package func run() throws(SQLiteFailure) { while try step() {} }

    /// Whether there is a row, with what is bound.
    package func found() throws(SQLiteFailure) -> Bool {
        guard try step() else { return false }
        reset()
        return true
    }

    @inlinable package func reset() { sqlite3_reset(handle) }

    func clear() {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }

    /// SQLite recompiles a statement after the schema changes: an error may come from that, not from a user's values.
    private var compilesStill: Bool {
        var again: OpaquePointer?
        defer { sqlite3_finalize(again) }
        return sqlite3_prepare_v3(connection, sqlite3_sql(handle), -1, 0, &again, nil) == SQLITE_OK
    }
}
