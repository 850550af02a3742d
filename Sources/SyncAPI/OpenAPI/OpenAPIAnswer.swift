/// One answer of an operation.
struct OpenAPIAnswer: Sendable {
    let status: Int
    let description: String
    let content: OpenAPIContent
    /// Names in `components`, besides the header that every answer has.
    let headers: [String]

    init(_ status: Int, _ description: String, _ content: OpenAPIContent, headers: [String] = []) {
        self.status = status
        self.description = description
        self.content = content
        self.headers = headers
    }

    /// The response object.
    var json: JSONValue {
        let all = (["X-Request-ID"] + headers).map { name -> (String, JSONValue) in
            (name, ["$ref": .string("#/components/headers/\(name)")])
        }
        return ["description": .string(description), "headers": .object(all), "content": content.json]
    }
}

/// The body of a request or an answer, by media type.
struct OpenAPIContent: Sendable {
    let json: JSONValue

    /// JSON that conforms to a schema of `components`.
    static func json(_ schema: String, example: JSONValue? = nil) -> OpenAPIContent {
        let example: JSONValue = example.map { ["example": $0] } ?? [:]
        return .other("application/json", ["schema": Schema.ref(schema)] + example)
    }

    /// JSON that conforms to one of several schemas of `components`.
    static func json(oneOf schemas: [String], examples: JSONValue) -> OpenAPIContent {
        .other("application/json", ["schema": ["oneOf": .array(schemas.map(Schema.ref))], "examples": examples])
    }

    static func other(_ mediaType: String, _ media: JSONValue) -> OpenAPIContent {
        OpenAPIContent(json: .object([(mediaType, media)]))
    }

    static func + (a: OpenAPIContent, b: OpenAPIContent) -> OpenAPIContent { OpenAPIContent(json: a.json + b.json) }
}
