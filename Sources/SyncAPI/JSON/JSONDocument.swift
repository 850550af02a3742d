package import FoundationEssentials
package import SyncModel

/// One JSON object of the API.
///
/// `members` names each member once: the server writes and the client reads by the same function.
package protocol JSONDocument: JSONValueType, Hashable {
    /// The document that a reader fills in: what it holds is what members mean that are absent.
    init()

    /// Hands each member to `coder`, in the order in which they are written. A document that shows another's members beside its
    /// own passes the coder on.
    mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure)

    /// What the OpenAPI document says of it that `members` does not.
    static var notes: DocumentNotes { get }
}

extension JSONDocument {
    /// None: the document is described where it stands.
    package static var notes: DocumentNotes { DocumentNotes() }

    /// Writes the object.
    package mutating func write(to json: inout JSONWriter) {
        json.object { members(&$0) }
    }

    /// The object as UTF-8.
    package var json: [UInt8] {
        var document = self
        var json = JSONWriter()
        document.write(to: &json)
        return json.bytes
    }

    package static func read(from decoder: any Decoder) throws -> Self {
        var document = Self()
        var reader = MemberReader(container: try decoder.container(keyedBy: MemberName.self), unread: decoder.unread)
        try document.members(&reader)
        return document
    }

    /// Reads the object. Unknown members are ignored.
    /// - Throws: `DecodingError` if it is not JSON, or a required member is missing or of another type.
    package init(json: Data) throws {
        self = try Self.reading(json: json).document
    }

    /// Reads the object, and tells what of it counts as absent though it is there: `directory.state is missing`.
    /// - Throws: as `init(json:)`.
    package static func reading(json: Data) throws -> (document: Self, unread: [String]) {
        let unread = UnreadMembers()
        let decoder = JSONDecoder()
        if let key = UnreadMembers.key { decoder.userInfo[key] = unread }
        return (try decoder.decode(Decoded<Self>.self, from: json).value, unread.all)
    }
}
