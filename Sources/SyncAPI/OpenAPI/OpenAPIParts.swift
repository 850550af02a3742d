import HTTPTypes

/// Pieces of OpenAPI 3.1: parameters, headers, responses.
enum OpenAPIParts {
    static func parameter(_ name: String) -> JSONValue { ["$ref": .string("#/components/parameters/\(name)")] }
    static func header(_ name: String) -> JSONValue { ["$ref": .string("#/components/headers/\(name)")] }

    /// References to the error responses, by status code. Any caller with a key can meet 401, 429 and 500, and anyone can meet
    /// the errors that the connection itself answers with.
    static func errors(_ codes: [Int]) -> JSONValue {
        .object(
            (Set(codes).union(connectionErrors)).sorted().map {
                (String($0), ["$ref": .string("#/components/responses/Error\($0)")])
            })
    }

    /// Errors that every route behind a key may answer with.
    static let keyErrors = [400, 401, 429, 500]
    private static let connectionErrors = [400, 414, 431, 501, 505]

    /// JSON that conforms to a schema of `components`.
    static func content(_ schema: String, example: JSONValue? = nil) -> JSONValue {
        var media: JSONValue = ["schema": Schema.ref(schema)]
        if let example { media = media + ["example": example] }
        return ["application/json": media]
    }

    static func response(
        _ description: String, _ content: JSONValue, headers: [String] = []
    ) -> JSONValue {
        let all = ["X-Request-ID"] + headers
        return [
            "description": .string(description), "headers": .object(all.map { ($0, header($0)) }), "content": content,
        ]
    }

    /// - Parameters:
    ///   - parameters: names in `components`.
    ///   - isOpen: needs no key.
    static func operation(
        _ id: String, tag: String, _ summary: String, _ description: String = "", parameters: [String] = [],
        body: JSONValue? = nil, responses: JSONValue, isOpen: Bool = false
    ) -> JSONValue {
        var operation: JSONValue = ["operationId": .string(id), "tags": [.string(tag)], "summary": .string(summary)]
        if !description.isEmpty { operation = operation + ["description": .string(description)] }
        if isOpen { operation = operation + ["security": []] }
        if !parameters.isEmpty { operation = operation + ["parameters": .array(parameters.map(parameter))] }
        if let body { operation = operation + ["requestBody": body] }
        return operation + ["responses": responses]
    }
}
