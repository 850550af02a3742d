import FoundationEssentials
import SyncModel

/// One of the JSON objects in a token, read so that whoever signed it and whoever reads it cannot understand it differently: each name
/// comes once (RFC 7519, section 4, lets a reader refuse the rest), and a member that we know has a value of its type: a decoder takes
/// `null`, and our reader any other type, for absent.
struct TokenPart<Document: JSONDocument> {
    let document: Document
    /// The names of all members, also of those that we do not know.
    let names: Set<String>

    /// `nil` if it is no such object, or a member that we know has another type.
    init?(_ json: Data) {
        guard let names = JSONObjectNames.of(json), case let set = Set(names), set.count == names.count,
            let document = try? Document(json: json), set.isDisjoint(with: AbsentMembers.of(document))
        else { return nil }
        (self.document, self.names) = (document, set)
    }
}

/// Collects the names of the members that have no value.
private struct AbsentMembers: MemberCoder {
    typealias Failure = Never

    private var names: [String] = []

    static func of(_ document: some JSONDocument) -> [String] {
        var (document, absent) = (document, AbsentMembers())
        document.members(&absent)
        return absent.names
    }

    mutating func member<Value: JSONValueType>(_ name: StaticString, _ value: inout Value) {}
    mutating func required<Value: JSONValueType>(_ name: StaticString, _ value: inout Value) {}
    mutating func nullable<Value: JSONValueType>(_ name: StaticString, _ value: inout Value?) { note(name, value) }
    mutating func optional<Value: JSONValueType>(_ name: StaticString, _ value: inout Value?) { note(name, value) }

    private mutating func note<Value>(_ name: StaticString, _ value: Value?) {
        if value == nil { names.append(name.description) }
    }
}
