/// The schemas that the OpenAPI document refers to by name, gathered as it is written.
package struct SchemaComponents {
    private(set) var schemas: [(name: String, json: JSONValue)] = []
    /// The documents behind them, each under the names of its forms.
    private(set) var documents: [(name: String, type: any JSONDocument.Type)] = []

    /// The schema of a document where it is used: a reference if it has a name.
    mutating func schema<Document: JSONDocument>(of type: Document.Type, as notes: DocumentNotes = Document.notes) -> JSONValue {
        guard let name = notes.name else { return written(type, notes) }
        if !schemas.contains(where: { $0.name == name }) {
            let place = schemas.count
            schemas.append((name, .null))
            schemas[place].json = written(type, notes)
            if notes.forms.isEmpty { documents.append((name, type)) }
        }
        return Schema.ref(name)
    }

    private mutating func written<Document: JSONDocument>(_ type: Document.Type, _ notes: DocumentNotes) -> JSONValue {
        guard notes.forms.isEmpty else { return ["oneOf": .array(notes.forms.map { schema(of: type, as: $0) })] }
        var recorder = SchemaRecorder(notes: notes.members, components: self)
        var document = Document()
        document.members(&recorder)
        self = recorder.components
        return recorder.object(notes.description) + notes.keywords
    }
}

/// The schema of a type.
package struct ValueSchema {
    let json: JSONValue

    init(_ json: JSONValue) { self.json = json }
}

/// Writes the schema of a document by its own list of members.
private struct SchemaRecorder: MemberCoder {
    typealias Failure = Never

    /// Those of members not met so far; a note of no member is a mistake.
    private var notes: [String: MemberNote]
    private(set) var components: SchemaComponents
    private var properties: [(String, JSONValue)] = []
    private var optional: Set<String> = []

    init(notes: [String: MemberNote], components: SchemaComponents) {
        self.notes = notes
        self.components = components
    }

    mutating func member<Value: JSONValueType>(_ name: StaticString, _ value: inout Value) {
        add(name, Value.self, isOptional: false, mayBeNull: false)
    }

    mutating func required<Value: JSONValueType>(_ name: StaticString, _ value: inout Value) {
        add(name, Value.self, isOptional: false, mayBeNull: false)
    }

    mutating func nullable<Value: JSONValueType>(_ name: StaticString, _ value: inout Value?) {
        add(name, Value.self, isOptional: false, mayBeNull: true)
    }

    mutating func optional<Value: JSONValueType>(_ name: StaticString, _ value: inout Value?) {
        add(name, Value.self, isOptional: true, mayBeNull: false)
    }

    private mutating func add(_ name: StaticString, _ type: any JSONValueType.Type, isOptional: Bool, mayBeNull: Bool) {
        let name = name.description
        let note = notes.removeValue(forKey: name) ?? ""
        switch note.presence {
        case .never: return
        case .sometimes: optional.insert(name)
        case .asWritten where isOptional: optional.insert(name)
        case .asWritten, .always: break
        }
        properties.append((name, note.schema(of: type, mayBeNull: mayBeNull, &components)))
    }

    func object(_ description: String) -> JSONValue {
        assert(notes.isEmpty, "notes of members that do not exist: \(notes.keys.sorted())")
        return Schema.object(description, optional: optional, .object(properties))
    }
}
