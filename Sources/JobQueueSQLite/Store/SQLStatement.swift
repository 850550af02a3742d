import GRDB
import GRDBSQLite
import SyncModel

/// A value bound to a statement.
enum SQLValue {
    case null
    case int(Int64)
    case text(String)
    case bytes([UInt8])

    static func int(_ value: Int) -> SQLValue { .int(Int64(value)) }
    static func int(_ value: Int?) -> SQLValue { value.map { .int(Int64($0)) } ?? .null }
    static func text(_ value: String?) -> SQLValue { value.map { .text($0) } ?? .null }
    static func tenant(_ value: TenantID?) -> SQLValue { .text(value?.text) }
    static func time(_ value: Timestamp) -> SQLValue { .int(value.microseconds) }
    static func time(_ value: Timestamp?) -> SQLValue { value.map { .int($0.microseconds) } ?? .null }
    static func flag(_ value: Bool) -> SQLValue { .int(value ? 1 : 0) }
}

/// A cached prepared statement of constant SQL, used without GRDB's rows and arguments: those cost more than SQLite itself on the
/// statements that run once a job or batch.
///
/// One statement is not to be run again from within its own rows.
struct SQLStatement {
    private let statement: Statement
    private let handle: OpaquePointer

    fileprivate init(_ statement: Statement) {
        self.statement = statement
        handle = statement.sqliteStatement
    }

    /// Runs to the end; for statements without rows.
    func run(_ values: SQLValue...) throws { try rows(values) { _ in } }

    func run(_ values: [SQLValue]) throws { try rows(values) { _ in } }

    /// The first row's value; `nil` where there is none.
    func first<T>(_ values: SQLValue..., map: (SQLRow) throws -> T) throws -> T? {
        var found: T?
        defer { reset() }
        try bind(values)
        if try step() { found = try map(SQLRow(handle: handle)) }
        return found
    }

    func all<T>(_ values: SQLValue..., map: (SQLRow) throws -> T) throws -> [T] { try all(values, map: map) }

    func all<T>(_ values: [SQLValue], map: (SQLRow) throws -> T) throws -> [T] {
        var items: [T] = []
        try rows(values) { items.append(try map($0)) }
        return items
    }

    func forEach(_ values: SQLValue..., body: (SQLRow) throws -> Void) throws {
        try rows(values, body)
    }

    private func rows(_ values: [SQLValue], _ body: (SQLRow) throws -> Void) throws {
        defer { reset() }
        try bind(values)
        while try step() { try body(SQLRow(handle: handle)) }
    }

    private func step() throws -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw SQLFailure(of: sqlite3_db_handle(handle))
        }
    }

    private func reset() {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }

    private func bind(_ values: [SQLValue]) throws {
        for (i, value) in values.enumerated() {
            let at = Int32(i + 1)
            let code: Int32
            switch value {
            case .null: code = sqlite3_bind_null(handle, at)
            case .int(let number): code = sqlite3_bind_int64(handle, at, number)
            case .text(var text):
                code = text.withUTF8 { utf8 in
                    utf8.withMemoryRebound(to: CChar.self) {
                        sqlite3_bind_text64(
                            handle, at, $0.baseAddress, sqlite3_uint64($0.count), transient, UInt8(SQLITE_UTF8))
                    }
                }
            case .bytes(let bytes):
                code = bytes.withUnsafeBytes { raw in
                    raw.isEmpty
                        ? sqlite3_bind_zeroblob(handle, at, 0)
                        : sqlite3_bind_blob64(handle, at, raw.baseAddress, sqlite3_uint64(raw.count), transient)
                }
            }
            guard code == SQLITE_OK else { throw SQLFailure(of: sqlite3_db_handle(handle)) }
        }
    }
}

/// One row of a running statement; valid until the next step.
struct SQLRow {
    fileprivate let handle: OpaquePointer

    private static let largest: Int64 = 1 << 47
    private static let firstMoment: Int64 = -62_135_596_800_000_000
    private static let lastMoment: Int64 = 253_402_300_799_999_999

    /// A key, as it stands: to be compared and bound, not to be reckoned with.
    func int64(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    /// A count or a code. What is reckoned with it never comes near the edge of `Int`, whatever stands in a damaged file: all that the
    /// queue counts is far smaller.
    func int(_ column: Int32) -> Int { Int(max(-Self.largest, min(int64(column), Self.largest))) }

    /// A moment of the years that can be written, 1 to 9999: two of them can be subtracted.
    func time(_ column: Int32) -> Timestamp {
        Timestamp(microseconds: max(Self.firstMoment, min(int64(column), Self.lastMoment)))
    }

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }
    func optionalTime(_ column: Int32) -> Timestamp? { isNull(column) ? nil : time(column) }
    func optionalInt(_ column: Int32) -> Int? { isNull(column) ? nil : int(column) }

    func text(_ column: Int32) -> String { optionalText(column) ?? "" }
    func optionalText(_ column: Int32) -> String? {
        guard let start = sqlite3_column_text(handle, column) else { return nil }
        return String(
            decoding: UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column))), as: UTF8.self)
    }

    func bytes(_ column: Int32) -> [UInt8] {
        guard let start = sqlite3_column_blob(handle, column) else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column))))
    }
}

extension Database {
    /// The cached statement for constant SQL.
    func sql(_ text: String) throws -> SQLStatement {
        SQLStatement(try cachedStatement(sql: text))
    }

    /// Rows changed by the statement that ran last.
    var changes: Int { Int(sqlite3_changes64(sqliteConnection)) }

    /// True outside of a transaction; SQLite leaves one by itself on some failures (full disk, input/output).
    var isOutsideTransaction: Bool { sqlite3_get_autocommit(sqliteConnection) != 0 }
}

/// Has SQLite copy what is bound (`SQLITE_TRANSIENT`, a cast that Swift does not import).
private var transient: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }
