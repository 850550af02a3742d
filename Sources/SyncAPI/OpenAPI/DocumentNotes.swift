/// What the OpenAPI document says of a document beyond the names, types and presence of its members, which `members` tells.
package struct DocumentNotes: Sendable {
    /// In `components`. `nil` for a document that is described where it stands.
    let name: String?
    let description: String
    /// By the member's name; none is needed for a member that its name and type describe.
    let members: [String: MemberNote]
    /// Keywords beside those of an object.
    let keywords: JSONValue
    /// The forms of a document that has several; each has a name.
    let forms: [DocumentNotes]

    init(
        _ name: String? = nil, _ description: String = "", _ members: [String: MemberNote] = [:], keywords: JSONValue = [:]
    ) {
        self.name = name
        self.description = description
        self.members = members
        self.keywords = keywords
        forms = []
    }

    /// A document that has one of several forms.
    init(_ name: String? = nil, oneOf forms: [DocumentNotes]) {
        self.name = name
        description = ""
        members = [:]
        keywords = [:]
        self.forms = forms
    }
}

/// What the OpenAPI document says of one member.
package struct MemberNote: Sendable, ExpressibleByStringInterpolation {
    private var description = ""
    /// Keywords that the type does not tell, or that take the place of those it tells.
    private var keywords: JSONValue = [:]
    /// Takes the place of what the type tells.
    private var schema: JSONValue?
    /// A document other than the member's type tells, or another form of it.
    private var document: (@Sendable (inout SchemaComponents) -> JSONValue)?
    private(set) var presence = Presence.asWritten

    enum Presence {
        /// As the call that writes the member has it.
        case asWritten
        /// Never absent and never `null`: a reader can do without it, the server cannot.
        case always
        /// May be absent.
        case sometimes
        /// Not in this form of the document.
        case never
    }

    package init(stringLiteral description: String) { self.description = description }

    private func with(_ presence: Presence) -> MemberNote {
        var note = self
        note.presence = presence
        return note
    }

    static func always(_ note: MemberNote = "") -> MemberNote { note.with(.always) }
    static func sometimes(_ note: MemberNote = "") -> MemberNote { note.with(.sometimes) }
    static let never = MemberNote("").with(.never)

    /// Adds to what the type tells.
    static func keywords(_ keywords: JSONValue, _ description: String = "") -> MemberNote {
        var note = MemberNote(stringLiteral: description)
        note.keywords = keywords
        return note
    }

    static func words(_ words: some Sequence<String>, _ description: String = "") -> MemberNote {
        .keywords(["enum": .words(words)], description)
    }

    static func jobID(_ description: String = "") -> MemberNote { .keywords(["format": "uuid"], description) }

    /// Takes the place of what the type tells.
    static func schema(_ schema: JSONValue) -> MemberNote {
        var note = MemberNote("")
        note.schema = schema
        return note
    }

    static func constant(_ value: JSONValue) -> MemberNote { .schema(Schema.constant(value)) }

    static func document<Document: JSONDocument>(_ type: Document.Type, as form: DocumentNotes? = nil) -> MemberNote {
        var note = MemberNote("")
        note.document = { $0.schema(of: type, as: form ?? Document.notes) }
        return note
    }

    /// The schema of a member of this type.
    func schema(of type: any JSONValueType.Type, mayBeNull: Bool, _ components: inout SchemaComponents) -> JSONValue {
        if let schema { return schema }
        let told = document?(&components) ?? type.schema(&components).json
        let full = told.replacing(keywords)
        return Schema.described(mayBeNull && presence != .always ? Schema.nullable(full) : full, description)
    }
}
