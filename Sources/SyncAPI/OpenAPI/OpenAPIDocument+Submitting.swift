import SyncModel

extension OpenAPIDocument {
    static let submitting: [(Route, JSONValue)] = [
        (.submitUsers, syncUsers),
        (.removeUser, removeUser),
    ]

    private static let submissionErrors = OpenAPIParts.keyErrors + [403, 409, 413, 415, 422, 503]
    /// The rate limit governs syncs, not removals.
    private static let syncHeaders = rateLimitHeaders + ["Preference-Applied"]

    private static let syncUsers = OpenAPIParts.operation(
        "syncUsers", tag: "sync", "Submit users of a tenant",
        """
        The body may be gzip. A violation of the format refuses the whole request and names the first \(Violations.kept); with \
        VALIDATION=per-user, users that break a rule become failed results instead.
        """,
        parameters: [
            "X-Tenant-ID", "X-Sync-Source", "Content-Encoding", "Idempotency-Key", "Prefer", "traceparent", "tracestate",
            "X-Request-ID",
        ],
        body: [
            "required": true,
            "content": [
                "application/json": [
                    "schema": ["oneOf": [Schema.ref("SyncRequest"), Schema.ref("ConnectionCheck")]],
                    "examples": [
                        "sync": ["summary": "A sync", "value": OpenAPIExamples.sync],
                        "minimal": ["summary": "What every user needs", "value": OpenAPIExamples.minimalSync],
                        "connection": ["summary": "The accessibility check", "value": ["test": "connection"]],
                    ],
                ]
            ],
        ],
        responses: [
            "200": OpenAPIParts.response(
                "The job ended within `Prefer: wait`, or the answer to the accessibility check.",
                [
                    "application/json": [
                        "schema": ["oneOf": [Schema.ref("Result"), Schema.ref("ConnectionOK")]],
                        "examples": [
                            "result": ["summary": "A result", "value": OpenAPIExamples.result],
                            "connection": ["summary": "The accessibility check", "value": OpenAPIExamples.connectionOK],
                        ],
                    ]
                ], headers: syncHeaders),
            "202": accepted(OpenAPIExamples.acknowledgement, headers: syncHeaders),
        ] + OpenAPIParts.errors(submissionErrors))

    private static let removeUser = OpenAPIParts.operation(
        "removeUser", tag: "sync", "Deactivate a user of a tenant", "Nothing is deleted. Becomes a job of one removal.",
        parameters: [
            "X-Tenant-ID", "X-Sync-Source-Optional", "Content-Encoding", "Idempotency-Key", "Prefer", "traceparent",
            "X-Request-ID",
        ],
        body: ["required": true, "content": OpenAPIParts.content("RemovalRequest", example: OpenAPIExamples.removal)],
        responses: [
            "200": OpenAPIParts.response(
                "The job ended within `Prefer: wait`.", OpenAPIParts.content("Result", example: OpenAPIExamples.removalResult),
                headers: ["Preference-Applied"]),
            "202": accepted(OpenAPIExamples.removalAcknowledgement, headers: ["Preference-Applied"]),
        ] + OpenAPIParts.errors(submissionErrors))

    private static func accepted(_ example: JSONValue, headers: [String]) -> JSONValue {
        OpenAPIParts.response(
            "The job is on disk.", OpenAPIParts.content("Acknowledgement", example: example),
            headers: ["Location", "Retry-After", "Idempotent-Replayed"] + headers)
    }
}
