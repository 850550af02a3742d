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
    func json(_ components: inout SchemaComponents) -> JSONValue {
        let all = (["X-Request-ID"] + headers).map { name -> (String, JSONValue) in
            (name, ["$ref": .string("#/components/headers/\(name)")])
        }
        return ["description": .string(description), "headers": .object(all), "content": content.json(&components)]
    }
}
