/// The body of a request or an answer, by media type.
struct OpenAPIContent: Sendable {
    let json: @Sendable (inout SchemaComponents) -> JSONValue

    /// - Parameter form: of a document that has more forms than its usual one.
    static func json<Document: JSONDocument>(
        _: Document.Type, as form: DocumentNotes? = nil, example: JSONValue? = nil
    ) -> OpenAPIContent {
        OpenAPIContent { components in
            let schema = components.schema(of: Document.self, as: form ?? Document.notes)
            return ["application/json": media(schema, example)]
        }
    }

    /// One of several documents.
    static func json(oneOf documents: [any JSONDocument.Type], examples: JSONValue) -> OpenAPIContent {
        OpenAPIContent { components in
            let schemas = documents.map { components.schema(of: $0) }
            return ["application/json": ["schema": ["oneOf": .array(schemas)], "examples": examples]]
        }
    }

    /// A request that conforms to a schema of `Schemas.requests`.
    static func request(_ schema: String, example: JSONValue) -> OpenAPIContent {
        .other("application/json", media(Schema.ref(schema), example))
    }

    static func request(oneOf schemas: [String], examples: JSONValue) -> OpenAPIContent {
        .other("application/json", ["schema": ["oneOf": .array(schemas.map(Schema.ref))], "examples": examples])
    }

    static func other(_ mediaType: String, _ media: JSONValue) -> OpenAPIContent {
        OpenAPIContent { _ in .object([(mediaType, media)]) }
    }

    static func + (a: OpenAPIContent, b: OpenAPIContent) -> OpenAPIContent {
        OpenAPIContent { components in a.json(&components) + b.json(&components) }
    }

    private static func media(_ schema: JSONValue, _ example: JSONValue?) -> JSONValue {
        let example: JSONValue = example.map { ["example": $0] } ?? [:]
        return ["schema": schema] + example
    }
}
