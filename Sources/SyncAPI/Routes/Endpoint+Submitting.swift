import HTTPTypes
import SyncModel

extension Endpoint {
    /// Submitting users and removals.
    static let submittingGroup: [Endpoint] = [.submitUsers, .submitVersionTwo, .removeUser]

    package static let submitUsers = Endpoint(
        .post, "/api/internal/sync/users", .internalKey,
        OpenAPIOperation(
            "syncUsers", tag: "sync", "Submit users of a tenant",
            """
            The body may be gzip. A violation of the format refuses the whole request and names the first \(Violations.kept); \
            with VALIDATION=per-user, users that break a rule become failed results instead.

            A body with `mode`, `orgCode` or `forceUpdate` before any member of the guide's is one of version 2. It is a job of the \
            tenant that the header names, and does not count in the rate limit.
            """,
            parameters: [
                "X-Tenant-ID", "X-Sync-Source", "Content-Encoding", "Idempotency-Key", "Prefer", "traceparent", "tracestate",
            ],
            body: .request(
                oneOf: ["SyncRequest", "VersionTwoRequest", "ConnectionCheck"],
                examples: [
                    "sync": ["summary": "A sync", "value": OpenAPIExamples.sync],
                    "version2": ["summary": "A sync in version 2", "value": OpenAPIExamples.versionTwo],
                    "minimal": ["summary": "What every user needs", "value": OpenAPIExamples.minimalSync],
                    "connection": ["summary": "The accessibility check", "value": ["test": "connection"]],
                ]),
            answers: [
                OpenAPIAnswer(
                    200, "The job ended within `Prefer: wait`, or the answer to the accessibility check.",
                    .json(
                        oneOf: [ResultDocument.self, ConnectionDocument.self],
                        examples: [
                            "result": ["summary": "A result", "value": OpenAPIExamples.result],
                            "connection": ["summary": "The accessibility check", "value": OpenAPIExamples.connectionOK],
                        ]), headers: syncHeaders),
                accepted(OpenAPIExamples.acknowledgement, headers: syncHeaders),
            ], errors: submissionErrors))

    package static let submitVersionTwo = Endpoint(
        .post, "/api/admin/users/sync", .wrapperToken,
        OpenAPIOperation(
            "syncUsersVersionTwo", tag: "sync", "Submit users of an organisation, as the platform's own code does",
            """
            The tenant is `orgCode`, which equals the token's `org_code` and each user's `orgCode`. The call waits for its result: \
            up to WRAPPER_WAIT seconds from its arrival, or as long as `Prefer` says. The path exists if WRAPPER_SECRET_KEY is set. \
            The rate limit does not count it.
            """,
            parameters: ["Content-Encoding", "Idempotency-Key", "Prefer", "traceparent", "tracestate"],
            body: .request(
                oneOf: ["VersionTwoRequest", "ConnectionCheck"],
                examples: [
                    "version2": ["summary": "A sync", "value": OpenAPIExamples.versionTwo],
                    "connection": ["summary": "The accessibility check", "value": ["test": "connection"]],
                ]),
            answers: [
                OpenAPIAnswer(
                    200, "The job ended within the wait and a user is in, or the answer to the accessibility check.",
                    .json(
                        oneOf: [VersionTwoResultDocument.self, ConnectionDocument.self],
                        examples: [
                            "result": ["summary": "A result", "value": OpenAPIExamples.versionTwoResult],
                            "connection": ["summary": "The accessibility check", "value": OpenAPIExamples.connectionOK],
                        ]), headers: ["Preference-Applied"]),
                accepted(OpenAPIExamples.acknowledgement, headers: ["Preference-Applied"]),
                OpenAPIAnswer(
                    422,
                    "The job ended within the wait, and no user is in, or it failed or was cancelled; or the Idempotency-Key was used with another body.",
                    .json(
                        oneOf: [VersionTwoResultDocument.self, ErrorDocument.self],
                        examples: [
                            "result": ["summary": "All users failed", "value": OpenAPIExamples.versionTwoFailure],
                            "key": [
                                "summary": "A key that was used",
                                "value": OpenAPIExamples.error("Idempotency-Key was used before"),
                            ],
                        ]), headers: ["Preference-Applied"]),
            ], errors: submissionErrors.filter { $0 != 422 }))

    package static let removeUser = Endpoint(
        .post, "/api/internal/sync/remove-user", .internalKey,
        OpenAPIOperation(
            "removeUser", tag: "sync", "Deactivate a user of a tenant", "Nothing is deleted. Becomes a job of one removal.",
            parameters: [
                "X-Tenant-ID", "X-Sync-Source-Optional", "Content-Encoding", "Idempotency-Key", "Prefer", "traceparent",
            ],
            body: .request("RemovalRequest", example: OpenAPIExamples.removal),
            answers: [
                OpenAPIAnswer(
                    200, "The job ended within `Prefer: wait`.",
                    .json(ResultDocument.self, example: OpenAPIExamples.removalResult),
                    headers: ["Preference-Applied"]),
                accepted(OpenAPIExamples.removalAcknowledgement, headers: ["Preference-Applied"]),
            ], errors: submissionErrors))

    private static let submissionErrors = [409, 413, 415, 422, 503]
    /// The rate limit governs syncs, not removals.
    private static let syncHeaders = OpenAPIDocument.rateLimitHeaders + ["Preference-Applied"]

    private static func accepted(_ example: JSONValue, headers: [String]) -> OpenAPIAnswer {
        OpenAPIAnswer(
            202, "The job is on disk.", .json(AcknowledgementDocument.self, example: example),
            headers: ["Location", "Retry-After", "Idempotent-Replayed"] + headers)
    }
}
