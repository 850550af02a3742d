/// What an endpoint does, as OpenAPI 3.1 describes it.
struct OpenAPIOperation: Sendable {
    let id: String
    let tag: String
    let summary: String
    let description: String
    /// Names in `components`.
    let parameters: [String]
    let body: OpenAPIContent?
    let answers: [OpenAPIAnswer]
    /// Status codes of the errors that are its own; who may call decides on others.
    let errors: [Int]

    init(
        _ id: String, tag: String, _ summary: String, _ description: String = "", parameters: [String] = [],
        body: OpenAPIContent? = nil, answers: [OpenAPIAnswer], errors: [Int] = []
    ) {
        self.id = id
        self.tag = tag
        self.summary = summary
        self.description = description
        self.parameters = parameters
        self.body = body
        self.answers = answers
        self.errors = errors
    }

    /// The operation object.
    func json(access: Endpoint.Access, _ components: inout SchemaComponents) -> JSONValue {
        var operation: JSONValue = ["operationId": .string(id), "tags": [.string(tag)], "summary": .string(summary)]
        if !description.isEmpty { operation = operation + ["description": .string(description)] }
        switch access {
        case .open: operation = operation + ["security": []]
        case .wrapperToken: operation = operation + ["security": [["wrapperToken": []]]]
        case .anyKey, .internalKey, .metrics: break
        }
        let parameters = (parameters + ["X-Request-ID"]).map { ref("parameters", $0) }
        operation = operation + ["parameters": .array(parameters)]
        if let body { operation = operation + ["requestBody": ["required": true, "content": body.json(&components)]] }
        let responses = answers.map { (String($0.status), $0.json(&components)) } + errorResponses(access)
        return operation + ["responses": .object(responses)]
    }

    private func errorResponses(_ access: Endpoint.Access) -> [(String, JSONValue)] {
        Set(errors + access.errors + OpenAPIOperation.connectionErrors).sorted().map {
            (String($0), ref("responses", "Error\($0)"))
        }
    }

    /// What the connection itself answers, to anyone.
    private static let connectionErrors = [400, 414, 431, 501, 505]

    private func ref(_ part: String, _ name: String) -> JSONValue { ["$ref": .string("#/components/\(part)/\(name)")] }
}

extension Endpoint.Access {
    /// Status codes of the errors that a caller may meet whatever the endpoint does.
    fileprivate var errors: [Int] {
        switch self {
        case .open: [500]
        case .anyKey, .metrics: [401, 429, 500]
        case .internalKey: [401, 403, 429, 500]
        case .wrapperToken: [401, 403, 404, 429, 500]
        }
    }
}
