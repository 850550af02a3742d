import HTTPTypes

extension Endpoint {
    /// Whether the server is up, and its state.
    static let healthGroup: [Endpoint] = [.status, .health, .internalHealth, .live, .ready, .metrics, .openAPI]

    package static let status = Endpoint(
        .get, "/api/internal/sync/status", .anyKey,
        OpenAPIOperation(
            "status", tag: "health", "The queue at a glance", "Costs the same with a thousand jobs and with a million.",
            answers: [OpenAPIAnswer(200, "The status.", .json(StatusDocument.self))], errors: [503]))

    package static let health = Endpoint(.get, "/api/health", .anyKey, connectivity("health"))

    package static let internalHealth = Endpoint(.get, "/api/internal/health", .anyKey, connectivity("internalHealth"))

    package static let live = Endpoint(
        .get, "/livez", .open,
        OpenAPIOperation(
            "livez", tag: "health", "Whether the process is alive",
            answers: [OpenAPIAnswer(200, "The process is alive.", .json(AliveDocument.self))]))

    package static let ready = Endpoint(
        .get, "/readyz", .open,
        OpenAPIOperation(
            "readyz", tag: "health", "Whether the server accepts work",
            """
            503 only while starting, draining, or when the queue cannot be written. A directory in trouble is a 200: jobs are \
            accepted and wait.
            """,
            answers: [OpenAPIAnswer(200, "The server accepts work.", .json(HealthDocument.self, as: HealthDocument.readyNotes))],
            errors: [503]))

    package static let metrics = Endpoint(
        .get, "/metrics", .metrics,
        OpenAPIOperation(
            "metrics", tag: "health", "Prometheus text", "Needs no key with METRICS_PUBLIC=true.",
            answers: [
                OpenAPIAnswer(
                    200, "Metrics, exposition format 0.0.4.", .other("text/plain", ["schema": ["type": "string"]]))
            ]))

    package static let openAPI = Endpoint(
        .get, "/openapi.json", .open,
        OpenAPIOperation(
            "openapi", tag: "health", "This document",
            answers: [OpenAPIAnswer(200, "OpenAPI 3.1.", .other("application/json", ["schema": ["type": "object"]]))]))

    private static func connectivity(_ id: String) -> OpenAPIOperation {
        OpenAPIOperation(
            id, tag: "health", "The platform's connectivity check", "With its key.",
            answers: [OpenAPIAnswer(200, "Reached.", .json(HealthDocument.self))])
    }
}
