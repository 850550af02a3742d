/// A parameter of a statement, in PostgreSQL's binary form (the `…recv` functions of the server).
package struct PostgresValue: Sendable, Hashable {
    package let type: PostgresType
    /// `nil`: NULL.
    let bytes: [UInt8]?

    init(_ type: PostgresType, _ bytes: [UInt8]?) {
        self.type = type
        self.bytes = bytes
    }

    package static func null(_ type: PostgresType) -> PostgresValue { PostgresValue(type, nil) }

    package static func bool(_ value: Bool?) -> PostgresValue { PostgresValue(.bool, value.map { [$0 ? 1 : 0] }) }
    package static func int2(_ value: Int16?) -> PostgresValue { number(.int2, value) }
    package static func int4(_ value: Int32?) -> PostgresValue { number(.int4, value) }
    package static func int8(_ value: Int64?) -> PostgresValue { number(.int8, value) }
    package static func int8(_ value: Int) -> PostgresValue { number(.int8, Int64(value)) }
    package static func float8(_ value: Double?) -> PostgresValue { number(.float8, value?.bitPattern) }

    /// PostgreSQL refuses a text that holds U+0000 (22021).
    package static func text(_ value: String?) -> PostgresValue { PostgresValue(.text, value.map { Array($0.utf8) }) }

    /// UTF-8; the server refuses other bytes (22021).
    package static func text(utf8 bytes: [UInt8]) -> PostgresValue { PostgresValue(.text, bytes) }

    package static func bytea(_ value: [UInt8]?) -> PostgresValue { PostgresValue(.bytea, value) }

    /// - Parameter microseconds: since 1970, UTC; see `PostgresTime`.
    package static func timestamp(_ microseconds: Int64?) -> PostgresValue {
        number(.timestamp, microseconds.map(PostgresTime.wire))
    }

    /// - Parameter microseconds: since 1970; see `PostgresTime`.
    package static func timestamptz(_ microseconds: Int64?) -> PostgresValue {
        number(.timestamptz, microseconds.map(PostgresTime.wire))
    }

    /// A JSON text; the server refuses what is none (22P02).
    package static func jsonb(_ text: String?) -> PostgresValue { PostgresValue(.jsonb, text.map { jsonb($0.utf8) }) }

    package static func jsonb(utf8 bytes: [UInt8]) -> PostgresValue { PostgresValue(.jsonb, jsonb(bytes)) }

    package static func uuid(_ value: UInt128?) -> PostgresValue { number(.uuid, value) }

    private static func number<Number: FixedWidthInteger>(_ type: PostgresType, _ value: Number?) -> PostgresValue {
        PostgresValue(type, value.map { value in withUnsafeBytes(of: value.bigEndian) { Array($0) } })
    }

    /// The first byte is the version of the form.
    private static func jsonb(_ text: some Collection<UInt8>) -> [UInt8] { [1] + text }
}
