import SyncModel

/// A JSON value written as Swift literals; members keep their order.
enum JSONValue: Sendable {
    case string(String)
    case integer(Int)
    case bool(Bool)
    case null
    case array([JSONValue])
    case object([(String, JSONValue)])

    /// An array of words.
    static func words(_ words: some Sequence<String>) -> JSONValue { .array(words.map(JSONValue.string)) }

    /// The members of both objects; a value that is not an object has none.
    static func + (a: JSONValue, b: JSONValue) -> JSONValue { .object(a.members + b.members) }

    /// An object with these members in the place of its own of the same name, and those it has not behind them.
    func replacing(_ other: JSONValue) -> JSONValue {
        let names = Set(other.members.map(\.0))
        return .object(members.filter { !names.contains($0.0) }) + other
    }

    var members: [(String, JSONValue)] {
        if case .object(let members) = self { members } else { [] }
    }

    func write(to json: inout JSONWriter) {
        switch self {
        case .string(let text): json.string(text)
        case .integer(let value): json.integer(Int64(value))
        case .bool(let value): json.bool(value)
        case .null: json.null()
        case .array(let elements): json.array { json in for element in elements { element.write(to: &json) } }
        case .object(let members):
            json.object { json in
                for (name, value) in members { json.member(named: name) { value.write(to: &$0) } }
            }
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
    init(stringLiteral value: String) { self = .string(value) }
}
extension JSONValue: ExpressibleByIntegerLiteral {
    init(integerLiteral value: Int) { self = .integer(value) }
}
extension JSONValue: ExpressibleByBooleanLiteral {
    init(booleanLiteral value: Bool) { self = .bool(value) }
}
extension JSONValue: ExpressibleByNilLiteral {
    init(nilLiteral: ()) { self = .null }
}
extension JSONValue: ExpressibleByArrayLiteral {
    init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
}
extension JSONValue: ExpressibleByDictionaryLiteral {
    init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(elements) }
}
