/// A value bound to a statement.
package enum SQLValue {
    case null
    case int(Int64)
    case text(String)
    case bytes([UInt8])

    package static func int(_ value: Int) -> SQLValue { .int(Int64(value)) }
    package static func int(_ value: Int?) -> SQLValue { value.map { .int(Int64($0)) } ?? .null }
    package static func text(_ value: String?) -> SQLValue { value.map { .text($0) } ?? .null }
    package static func flag(_ value: Bool) -> SQLValue { .int(value ? 1 : 0) }
}
