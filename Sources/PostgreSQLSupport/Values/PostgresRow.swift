/// One row of a result. A column that is absent, or of a type that cannot be read as asked, is an error, never a trap.
///
/// `text(0)` is an error for NULL; `optionalText(0)` is `nil` for it.
package struct PostgresRow: Sendable {
    private let result: PostgresResult
    private let index: Int

    init(_ result: PostgresResult, _ index: Int) {
        self.result = result
        self.index = index
    }

    package func isNull(_ column: Int) -> Bool { result.cell(index, column) == nil }

    package func bool(_ column: Int) throws(PostgresError) -> Bool { try present(column, optionalBool(column)) }
    package func int(_ column: Int) throws(PostgresError) -> Int { try present(column, optionalInt(column)) }
    package func double(_ column: Int) throws(PostgresError) -> Double { try present(column, optionalDouble(column)) }
    package func text(_ column: Int) throws(PostgresError) -> String { try present(column, optionalText(column)) }
    package func bytes(_ column: Int) throws(PostgresError) -> [UInt8] { try present(column, optionalBytes(column)) }
    package func time(_ column: Int) throws(PostgresError) -> Int64 { try present(column, optionalTime(column)) }
    package func uuid(_ column: Int) throws(PostgresError) -> UInt128 { try present(column, optionalUUID(column)) }

    package func optionalBool(_ column: Int) throws(PostgresError) -> Bool? {
        try value(column, of: [.bool]) { WireReader.whole($0, as: UInt8.self).map { $0 != 0 } }
    }

    /// Of int2, int4 or int8.
    package func optionalInt(_ column: Int) throws(PostgresError) -> Int? {
        try value(column, of: [.int2, .int4, .int8], Self.int)
    }

    package func optionalDouble(_ column: Int) throws(PostgresError) -> Double? {
        try value(column, of: [.float8], Self.double)
    }

    /// Of any type whose binary form is its text (text, varchar, json, enumerations, citext, …), and of jsonb. Bytes that are no UTF-8,
    /// which a database of encoding SQL_ASCII may hold, are read as U+FFFD.
    package func optionalText(_ column: Int) throws(PostgresError) -> String? {
        try utf8(column).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The bytes of a text, as they are.
    package func utf8(_ column: Int) throws(PostgresError) -> ArraySlice<UInt8>? {
        guard let type = try type(column), let bytes = result.cell(index, column) else { return nil }
        guard !PostgresType.notText.contains(type.oid) else { throw .unreadable(column, type) }
        return type == .jsonb ? bytes.dropFirst() : bytes
    }

    package func optionalBytes(_ column: Int) throws(PostgresError) -> [UInt8]? {
        try value(column, of: [.bytea]) { Array($0) }
    }

    /// Of timestamp or timestamptz: microseconds since 1970; see `PostgresTime`.
    package func optionalTime(_ column: Int) throws(PostgresError) -> Int64? {
        try value(column, of: [.timestamp, .timestamptz], Self.time)
    }

    package func optionalUUID(_ column: Int) throws(PostgresError) -> UInt128? {
        try value(column, of: [.uuid]) { WireReader.whole($0) }
    }

    // MARK: Arrays of one dimension; `nil` for NULL

    package func bools(_ column: Int) throws(PostgresError) -> [Bool?]? {
        try elements(column, of: [.bool]) { WireReader.whole($0, as: UInt8.self).map { $0 != 0 } }
    }

    package func ints(_ column: Int) throws(PostgresError) -> [Int?]? {
        try elements(column, of: [.int2, .int4, .int8], Self.int)
    }

    package func doubles(_ column: Int) throws(PostgresError) -> [Double?]? {
        try elements(column, of: [.float8], Self.double)
    }

    package func texts(_ column: Int) throws(PostgresError) -> [String?]? {
        // varchar and name stand in arrays of their own types.
        try elements(column, of: [.text, PostgresType(oid: 1043), PostgresType(oid: 19)]) { String(decoding: $0, as: UTF8.self) }
    }

    package func jsons(_ column: Int) throws(PostgresError) -> [String?]? {
        try elements(column, of: [.jsonb]) { String(decoding: $0.dropFirst(), as: UTF8.self) }
    }

    package func byteas(_ column: Int) throws(PostgresError) -> [[UInt8]?]? {
        try elements(column, of: [.bytea]) { Array($0) }
    }

    package func times(_ column: Int) throws(PostgresError) -> [Int64?]? {
        try elements(column, of: [.timestamp, .timestamptz], Self.time)
    }

    package func uuids(_ column: Int) throws(PostgresError) -> [UInt128?]? {
        try elements(column, of: [.uuid]) { WireReader.whole($0) }
    }

    // MARK: Reading

    private static func int(_ bytes: ArraySlice<UInt8>) -> Int? {
        switch bytes.count {
        case 2: WireReader.whole(bytes, as: Int16.self).map(Int.init)
        case 4: WireReader.whole(bytes, as: Int32.self).map(Int.init)
        default: WireReader.whole(bytes, as: Int64.self).map(Int.init)
        }
    }

    private static func double(_ bytes: ArraySlice<UInt8>) -> Double? {
        WireReader.whole(bytes, as: UInt64.self).map(Double.init(bitPattern:))
    }

    private static func time(_ bytes: ArraySlice<UInt8>) -> Int64? {
        WireReader.whole(bytes, as: Int64.self).map(PostgresTime.microseconds)
    }

    private func type(_ column: Int) throws(PostgresError) -> PostgresType? {
        guard result.columns.indices.contains(column) else { throw .unreadable(column, nil) }
        return result.columns[column]
    }

    private func present<Value>(_ column: Int, _ value: Value?) throws(PostgresError) -> Value {
        guard let value else { throw .unreadable(column, nil) }
        return value
    }

    private func value<Value>(
        _ column: Int, of types: [PostgresType], _ read: (ArraySlice<UInt8>) -> Value?
    ) throws(PostgresError) -> Value? {
        guard let type = try type(column), let bytes = result.cell(index, column) else { return nil }
        guard types.contains(type), let value = read(bytes) else { throw .unreadable(column, type) }
        return value
    }

    private func elements<Element>(
        _ column: Int, of types: [PostgresType], _ read: (ArraySlice<UInt8>) -> Element?
    ) throws(PostgresError) -> [Element?]? {
        guard let type = try type(column), let bytes = result.cell(index, column) else { return nil }
        guard let elements = WireReader.elements(bytes, of: Set(types.map(\.oid))) else { throw .unreadable(column, type) }
        var values: [Element?] = []
        values.reserveCapacity(elements.count)
        for element in elements {
            guard let element else {
                values.append(nil)
                continue
            }
            guard let value = read(element) else { throw .unreadable(column, type) }
            values.append(value)
        }
        return values
    }
}
