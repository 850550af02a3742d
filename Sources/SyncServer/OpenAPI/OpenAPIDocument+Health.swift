import SyncModel

extension OpenAPIDocument {
    static let health: JSONValue = [
        "/api/internal/sync/status": [
            "get": Parts.operation(
                "status", tag: "health", "The queue at a glance", "Costs the same with a thousand jobs and with a million.",
                parameters: ["X-Request-ID"],
                responses: ["200": Parts.response("The status.", Parts.content("Status"))]
                    + Parts.errors(Parts.keyErrors + [503]))
        ],
        "/api/health": ["get": connectivity("health")],
        "/api/internal/health": ["get": connectivity("internalHealth")],
        "/livez": [
            "get": Parts.operation(
                "livez", tag: "health", "Whether the process is alive", parameters: ["X-Request-ID"],
                responses: ["200": Parts.response("The process is alive.", Parts.content("Alive"))] + Parts.errors([500]),
                isOpen: true)
        ],
        "/readyz": [
            "get": Parts.operation(
                "readyz", tag: "health", "Whether the server accepts work",
                """
                503 only while starting, draining, or when the queue cannot be written. A directory in trouble is a 200: jobs are \
                accepted and wait.
                """,
                parameters: ["X-Request-ID"],
                responses: ["200": Parts.response("The server accepts work.", Parts.content("Ready"))]
                    + Parts.errors([500, 503]),
                isOpen: true)
        ],
        "/metrics": [
            "get": Parts.operation(
                "metrics", tag: "health", "Prometheus text", "Needs no key with METRICS_PUBLIC=true.",
                parameters: ["X-Request-ID"],
                responses: [
                    "200": Parts.response("Metrics, exposition format 0.0.4.", ["text/plain": ["schema": ["type": "string"]]])
                ] + Parts.errors(Parts.keyErrors))
        ],
        "/openapi.json": [
            "get": Parts.operation(
                "openapi", tag: "health", "This document", parameters: ["X-Request-ID"],
                responses: [
                    "200": Parts.response("OpenAPI 3.1.", ["application/json": ["schema": ["type": "object"]]])
                ] + Parts.errors([500]), isOpen: true)
        ],
    ]

    private static func connectivity(_ id: String) -> JSONValue {
        Parts.operation(
            id, tag: "health", "The wrapper's connectivity check", "With its key.", parameters: ["X-Request-ID"],
            responses: ["200": Parts.response("Reached.", Parts.content("Health"))] + Parts.errors(Parts.keyErrors))
    }
}
