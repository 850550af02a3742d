import SyncModel

extension OpenAPIDocument {
    static let health: [(Route, JSONValue)] = [
        (
            .status,
            OpenAPIParts.operation(
                "status", tag: "health", "The queue at a glance", "Costs the same with a thousand jobs and with a million.",
                parameters: ["X-Request-ID"],
                responses: ["200": OpenAPIParts.response("The status.", OpenAPIParts.content("Status"))]
                    + OpenAPIParts.errors(OpenAPIParts.keyErrors + [503]))
        ),
        (.health, connectivity("health")),
        (.internalHealth, connectivity("internalHealth")),
        (
            .live,
            OpenAPIParts.operation(
                "livez", tag: "health", "Whether the process is alive", parameters: ["X-Request-ID"],
                responses: ["200": OpenAPIParts.response("The process is alive.", OpenAPIParts.content("Alive"))]
                    + OpenAPIParts.errors([500]),
                isOpen: true)
        ),
        (
            .ready,
            OpenAPIParts.operation(
                "readyz", tag: "health", "Whether the server accepts work",
                """
                503 only while starting, draining, or when the queue cannot be written. A directory in trouble is a 200: jobs are \
                accepted and wait.
                """,
                parameters: ["X-Request-ID"],
                responses: ["200": OpenAPIParts.response("The server accepts work.", OpenAPIParts.content("Ready"))]
                    + OpenAPIParts.errors([500, 503]),
                isOpen: true)
        ),
        (
            .metrics,
            OpenAPIParts.operation(
                "metrics", tag: "health", "Prometheus text", "Needs no key with METRICS_PUBLIC=true.",
                parameters: ["X-Request-ID"],
                responses: [
                    "200": OpenAPIParts.response(
                        "Metrics, exposition format 0.0.4.", ["text/plain": ["schema": ["type": "string"]]])
                ] + OpenAPIParts.errors(OpenAPIParts.keyErrors))
        ),
        (
            .openAPI,
            OpenAPIParts.operation(
                "openapi", tag: "health", "This document", parameters: ["X-Request-ID"],
                responses: [
                    "200": OpenAPIParts.response("OpenAPI 3.1.", ["application/json": ["schema": ["type": "object"]]])
                ] + OpenAPIParts.errors([500]), isOpen: true)
        ),
    ]

    private static func connectivity(_ id: String) -> JSONValue {
        OpenAPIParts.operation(
            id, tag: "health", "The wrapper's connectivity check", "With its key.", parameters: ["X-Request-ID"],
            responses: ["200": OpenAPIParts.response("Reached.", OpenAPIParts.content("Health"))]
                + OpenAPIParts.errors(OpenAPIParts.keyErrors))
    }
}
