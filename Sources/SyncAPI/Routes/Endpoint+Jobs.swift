import HTTPTypes

extension Endpoint {
    /// Inspecting and controlling jobs.
    static let jobGroup: [Endpoint] = [.jobs, .job, .results, .retryJob, .cancelJob]

    package static let jobs = Endpoint(
        .get, "/api/internal/sync/jobs", .anyKey,
        OpenAPIOperation(
            "listJobs", tag: "jobs", "Jobs, newest first",
            parameters: ["JobStatus", "TenantFilter", "SourceFilter", "Since", "Until", "ListLimit", "Cursor"],
            answers: [OpenAPIAnswer(200, "A page of jobs.", .json(PageDocument<JobSummaryDocument>.self))], errors: [503]))

    package static let job = Endpoint(
        .get, "/api/internal/sync/jobs/{id}", .anyKey,
        OpenAPIOperation(
            "showJob", tag: "jobs", "One job",
            "State, counts, progress, failed attempts and webhook state; once it has ended, its result at the top level.",
            parameters: ["JobID"], answers: [OpenAPIAnswer(200, "The job.", .json(JobDocument.self))], errors: [404, 503]))

    package static let results = Endpoint(
        .get, "/api/internal/sync/jobs/{id}/results", .anyKey,
        OpenAPIOperation(
            "listResults", tag: "jobs", "Per-user results, in index order",
            "A page as JSON; all of them as NDJSON with `Accept: application/x-ndjson`, without `limit` and `cursor`.",
            parameters: ["JobID", "ResultStatus", "ResultLimit", "Cursor"],
            answers: [
                OpenAPIAnswer(
                    200, "A page of results, or all of them.",
                    .json(PageDocument<UserResultDocument>.self)
                        + .other(
                            "application/x-ndjson",
                            [
                                "schema": ["type": "string", "description": "Each line is a UserResult."],
                                "example": .string(OpenAPIExamples.resultLines),
                            ]),
                    headers: ["Vary"])
            ], errors: [404, 503]))

    package static let retryJob = Endpoint(
        .post, "/api/internal/sync/jobs/{id}/retry", .anyKey,
        OpenAPIOperation(
            "retryJob", tag: "jobs", "Try the failed users again",
            """
            A linked job of the failed users alone, with the original syncTime; the same one again while it is open. It is the \
            rest of the same request: a user with identity_conflict there gets it again until the address is free. 409 while the \
            job is open, or if no user failed.
            """,
            parameters: ["JobID"],
            answers: [
                OpenAPIAnswer(202, "The linked job.", .json(AcknowledgementDocument.self), headers: ["Location", "Retry-After"])
            ], errors: [404, 409, 503]))

    package static let cancelJob = Endpoint(
        .post, "/api/internal/sync/jobs/{id}/cancel", .anyKey,
        OpenAPIOperation(
            "cancelJob", tag: "jobs", "Cancel a job",
            """
            Batches not yet started are dropped, what was committed stays; the job ends after its running batches. 409 if it has \
            ended.
            """,
            parameters: ["JobID"], answers: [OpenAPIAnswer(200, "The job.", .json(JobDocument.self))], errors: [404, 409, 503]))
}
