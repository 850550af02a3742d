import HTTPTypes
import SyncModel

/// The contract as OpenAPI 3.1. Tests compare its words and limits with the reader's own tables.
package enum OpenAPIDocument {
    /// The whole document.
    /// - Parameter publicURL: `PUBLIC_URL`; without it, the server is wherever the document was read from.
    package static func json(publicURL: String? = nil) -> [UInt8] {
        var json = JSONWriter()
        var components = SchemaComponents()
        document(server: publicURL ?? "/", &components).write(to: &json)
        return json.bytes
    }

    /// The documents that it describes, by the names of their schemas.
    package static var documents: [(schema: String, type: any JSONDocument.Type)] {
        var components = SchemaComponents()
        _ = document(server: "/", &components)
        return components.documents.map { ($0.name, $0.type) }
    }

    private static func document(server: String, _ components: inout SchemaComponents) -> JSONValue {
        let paths = RouteTable.all.map { path($0, &components) }
        let webhooks = webhooks(&components)
        let errors = errorAnswers.map { ("Error\($0.status)", $0.json(&components)) }
        let schemas = components.schemas.map { ($0.name, $0.json) }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "usersync",
                "version": .string(Version.current),
                "summary": "Takes user syncs from the platform, applies them to the CRM, and reports what became of each user.",
                "description": .string(description),
            ],
            "servers": [["url": .string(server)]],
            "security": [["internalApiKey": []], ["bearerKey": []]],
            "tags": [
                ["name": "sync", "description": "Submitting users and removals."],
                ["name": "jobs", "description": "Inspecting and controlling jobs."],
                ["name": "deliveries", "description": "The webhook log."],
                ["name": "tenants", "description": "The names of tenants."],
                ["name": "health", "description": "Whether the server is up, and its state."],
            ],
            "paths": .object(paths),
            "webhooks": webhooks,
            "components": [
                "securitySchemes": securitySchemes,
                "parameters": parameters,
                "headers": headers,
                "responses": .object(errors),
                "schemas": Schemas.requests + .object(schemas),
            ],
        ]
    }

    /// No path has more than one method.
    private static func path(_ endpoint: Endpoint, _ components: inout SchemaComponents) -> (String, JSONValue) {
        let operation = endpoint.operation().json(access: endpoint.access, &components)
        return (endpoint.path, .object([(endpoint.method.rawValue.lowercased(), operation)]))
    }

    private static let description = """
        A sync is acknowledged with 202 once it is on disk; its result is fetched from the job, waited for with \
        `Prefer: wait=N`, or received as a webhook.

        Every path answers other methods with 405 and `Allow`; HEAD is answered wherever GET is. Unknown query parameters are \
        ignored by GET and refused where a query selects what is acted upon; known ones must not be repeated. Early errors carry `Connection: close`.

        A request may have a target of \(RequestHeadLimits.target >> 10) KiB, \(RequestHeadLimits.fields) header fields of \
        \(RequestHeadLimits.field >> 10) KiB each, and a head of \(RequestHeadLimits.head >> 10) KiB in all, the request line and \
        the final empty line included; trailers likewise.
        """

    private static let securitySchemes: JSONValue = [
        "internalApiKey": [
            "type": "apiKey", "in": "header", "name": "X-Internal-API-Key",
            "description": """
            INTERNAL_API_KEY may do everything; OPS_API_KEY may read everything and act on jobs and deliveries, but not submit. \
            If both headers are sent, this one decides.
            """,
        ],
        "wrapperToken": [
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": .string(
                "A token signed by WRAPPER_SECRET_KEY with HS256: iss \(WrapperToken.issuer), exp, org_code; no aud."),
        ],
        "bearerKey": ["type": "http", "scheme": "bearer", "description": "The same keys as a bearer token."],
    ]
}
