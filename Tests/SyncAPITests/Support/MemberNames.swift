import SyncAPI

/// The names of a document's members, and which of them may be absent.
struct MemberNames: MemberCoder {
    private(set) var all: Set<String> = []
    private(set) var optional: Set<String> = []

    init(of document: some JSONDocument) {
        var document = document
        document.members(&self)
    }

    mutating func member<Value: JSONValueType>(_ name: StaticString, _ value: inout Value) { all.insert(name.description) }
    mutating func required<Value: JSONValueType>(_ name: StaticString, _ value: inout Value) { all.insert(name.description) }
    mutating func nullable<Value: JSONValueType>(_ name: StaticString, _ value: inout Value?) { all.insert(name.description) }
    mutating func optional<Value: JSONValueType>(_ name: StaticString, _ value: inout Value?) {
        all.insert(name.description)
        optional.insert(name.description)
    }
}
