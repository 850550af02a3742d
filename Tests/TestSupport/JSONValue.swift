package import Foundation

/// JSON to be looked into: a step that does not exist leads to `.missing`, never to a crash.
@dynamicMemberLookup
package enum JSONValue: Sendable, Equatable, CustomStringConvertible {
    case object([String: JSONValue])
    case array([JSONValue])
    case string(String)
    case number(Double)
    case bool(Bool)
    case null
    case missing

    package init(_ data: Data) {
        self = (try? JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)).map(JSONValue.init(any:)) ?? .missing
    }

    private init(any: Any) {
        switch any {
        case let object as [String: Any]: self = .object(object.mapValues(JSONValue.init(any:)))
        case let array as [Any]: self = .array(array.map(JSONValue.init(any:)))
        case let string as String: self = .string(string)
        case let number as NSNumber:
            self = CFGetTypeIDIsBool(number) ? .bool(number.boolValue) : .number(number.doubleValue)
        default: self = .null
        }
    }

    package subscript(dynamicMember name: String) -> JSONValue { self[name] }
    package subscript(name: String) -> JSONValue {
        if case .object(let members) = self { members[name] ?? .missing } else { .missing }
    }
    package subscript(index: Int) -> JSONValue {
        if case .array(let elements) = self, elements.indices.contains(index) { elements[index] } else { .missing }
    }

    package var string: String? { if case .string(let value) = self { value } else { nil } }
    package var int: Int? { if case .number(let value) = self { Int(exactly: value) } else { nil } }
    package var double: Double? { if case .number(let value) = self { value } else { nil } }
    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    package var array: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }
    package var keys: Set<String> { if case .object(let members) = self { Set(members.keys) } else { [] } }

    package var description: String {
        switch self {
        case .object(let members):
            "{" + members.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ") + "}"
        case .array(let elements): "[" + elements.map(\.description).joined(separator: ", ") + "]"
        case .string(let value): "\"\(value)\""
        case .number(let value): "\(value)"
        case .bool(let value): "\(value)"
        case .null: "null"
        case .missing: "(missing)"
        }
    }
}

/// Whether a number of `JSONSerialization` was written as `true` or `false`.
private func CFGetTypeIDIsBool(_ number: NSNumber) -> Bool {
    String(cString: number.objCType) == "c"
}
