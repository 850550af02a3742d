import HTTPTypes
import SyncModel

extension Endpoint {
    /// Submitting users and removals.
    static let submittingGroup: [Endpoint] = [.submitUsers, .removeUser]

    package static let submitUsers = Endpoint(
        .post, "/api/internal/sync/users", .internalKey,
        OpenAPIOperation(
            "syncUsers", tag: "sync", "Submit users of a tenant",
            """
            The body may be gzip. A violation of the format refuses the whole request and names the first \(Violations.kept); \
            with VALIDATION=per-user, users that break a rule become failed results instead.
            """,
            parameters: [
                "X-Tenant-ID", "X-Sync-Source", "Content-Encoding", "Idempotency-Key", "Prefer", "traceparent", "tracestate",
            ],
            body: .request(
                oneOf: ["SyncRequest", "ConnectionCheck"],
                examples: [
                    "sync": ["summary": "A sync", "value": OpenAPIExamples.sync],
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
