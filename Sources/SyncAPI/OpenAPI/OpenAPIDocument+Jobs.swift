import SyncModel

extension OpenAPIDocument {
    static let jobs: [(Route, JSONValue)] = [
        (.jobs, listJobs),
        (.job, showJob),
        (.results, listResults),
        (.retryJob, retryJob),
        (.cancelJob, cancelJob),
    ]

    private static let listJobs = OpenAPIParts.operation(
        "listJobs", tag: "jobs", "Jobs, newest first",
        parameters: [
            "JobStatus", "TenantFilter", "SourceFilter", "Since", "Until", "ListLimit", "Cursor", "X-Request-ID",
        ],
        responses: ["200": OpenAPIParts.response("A page of jobs.", OpenAPIParts.content("JobList"))]
            + OpenAPIParts.errors(OpenAPIParts.keyErrors + [503]))

    private static let showJob = OpenAPIParts.operation(
        "showJob", tag: "jobs", "One job",
        "State, counts, progress, failed attempts and webhook state; once it has ended, its result at the top level.",
        parameters: ["JobID", "X-Request-ID"],
        responses: ["200": OpenAPIParts.response("The job.", OpenAPIParts.content("Job"))]
            + OpenAPIParts.errors(OpenAPIParts.keyErrors + [404, 503]))

    private static let listResults = OpenAPIParts.operation(
        "listResults", tag: "jobs", "Per-user results, in index order",
        "A page as JSON; all of them as NDJSON with `Accept: application/x-ndjson`, without `limit` and `cursor`.",
        parameters: ["JobID", "ResultStatus", "ResultLimit", "Cursor", "X-Request-ID"],
        responses: [
            "200": OpenAPIParts.response(
                "A page of results, or all of them.",
                OpenAPIParts.content("ResultList") + [
                    "application/x-ndjson": [
                        "schema": ["type": "string", "description": "Each line is a UserResult."],
                        "example": .string(OpenAPIExamples.resultLines),
                    ]
                ], headers: ["Vary"])
        ] + OpenAPIParts.errors(OpenAPIParts.keyErrors + [404, 503]))

    private static let retryJob = OpenAPIParts.operation(
        "retryJob", tag: "jobs", "Try the failed users again",
        """
        A linked job of the failed users alone, with the original syncTime; the same one again while it is open. It is the rest of \
        the same request: a user with identity_conflict there gets it again until the address is free. 409 while the job is open, \
        or if no user failed.
        """,
        parameters: ["JobID", "X-Request-ID"],
        responses: [
            "202": OpenAPIParts.response(
                "The linked job.", OpenAPIParts.content("Acknowledgement"), headers: ["Location", "Retry-After"])
        ] + OpenAPIParts.errors(OpenAPIParts.keyErrors + [404, 409, 503]))

    private static let cancelJob = OpenAPIParts.operation(
        "cancelJob", tag: "jobs", "Cancel a job",
        """
        Batches not yet started are dropped, what was committed stays; the job ends after its running batches. 409 if it has \
        ended.
        """,
        parameters: ["JobID", "X-Request-ID"],
        responses: ["200": OpenAPIParts.response("The job.", OpenAPIParts.content("Job"))]
            + OpenAPIParts.errors(OpenAPIParts.keyErrors + [404, 409, 503]))
}
