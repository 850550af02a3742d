import SyncModel

extension Schemas {
    /// What became of jobs and users.
    static let results: JSONValue = [
        "Tenant": Schema.object("", ["id": Schema.string(""), "name": Schema.string("")]),
        "Acknowledgement": acknowledgement,
        "UserResult": userResult,
        "ResultMetadata": Schema.object(
            "successful + failed + cancelled = totalUsers; each outcome has its own count beside them.", optional: ["cancelled"],
            ["operation": operation, "syncedAt": Schema.time("When the job ended.")] + counts + [
                "durationMs": Schema.count("Milliseconds from acceptance to the end."),
                "acceptedAt": Schema.time(""),
            ]),
        "Result": Schema.object(
            "A finished job in the guide's response format.", optional: ["error", "resultsUrl"], resultProperties),
    ]

    static let operation = Schema.words(Operation.allCases.map(\.rawValue), "")

    static let counts: JSONValue = [
        "totalUsers": Schema.count(""),
        "successful": Schema.count("created + updated + unchanged + stale + removed"),
        "failed": Schema.count(""),
        "cancelled": Schema.count("Users dropped by a cancel; they have no result. Absent if there are none."),
        "created": Schema.count(""),
        "updated": Schema.count(""),
        "unchanged": Schema.count(""),
        "stale": Schema.count("Newer data had been applied before."),
        "removed": Schema.count("Deactivated by a removal."),
    ]

    /// Says what a receiver should do with it, since webhooks may overtake each other.
    static let sequence: JSONValue = [
        "type": "integer", "minimum": 1,
        "description": .string(
            "The place of this end among those of the tenant's jobs, from 1 without gaps, in the order in which the jobs took effect; "
                + "the same in every delivery and answer. Webhooks may arrive in another order and more than once: keep the highest "
                + "number seen for each tenant, and treat a lower one as older news."),
    ]

    static let resultProperties: JSONValue = [
        "success": Schema.boolean("False for failed and cancelled jobs only."),
        "message": Schema.string("For people: \"Synced 4 of 5 users\"."),
        "error": Schema.string("Why the job failed; absent otherwise."),
        "jobId": Schema.jobID(""),
        "status": Schema.words(JobState.allCases.filter(\.isEnd).map(\.rawValue), "The state the job ended in."),
        "sequence": sequence,
        "results": Schema.array(
            of: Schema.ref("UserResult"),
            """
            In index order: all of them up to \(ResultDocument.answerLimit) (\(ResultDocument.webhookLimit) in a webhook); beyond \
            that only the failed ones, up to the same number.
            """
        ),
        "resultsTruncated": Schema.boolean("True if results are left out here."),
        "resultsUrl": Schema.string("Where all of them are; present if resultsTruncated. Absolute if PUBLIC_URL is set."),
        "tenant": Schema.ref("Tenant"),
        "metadata": Schema.ref("ResultMetadata"),
        "syncedAt": Schema.time("When the job ended."),
    ]

    private static let acknowledgement: JSONValue = Schema.object(
        "The job is on disk.",
        [
            "success": Schema.constant(true),
            "message": Schema.string("For people: \"Accepted 5 users for sync\"."),
            "jobId": Schema.jobID(""),
            "status": Schema.words(
                JobState.allCases.map(\.rawValue), "queued; the present state if an Idempotency-Key was replayed."),
            "statusUrl": Schema.string("Path of the job."),
            "tenant": Schema.ref("Tenant"),
            "metadata": Schema.object(
                "", optional: ["retryOf"],
                [
                    "operation": operation,
                    "acceptedAt": Schema.time(""),
                    "totalUsers": Schema.count(""),
                    "batches": Schema.count(""),
                    "retryOf": Schema.jobID("The job whose failed users this one tries again."),
                ]),
            "warnings": warnings,
        ])

    static let warnings = Schema.array(of: ["type": "string"], "Sentences about what was ignored or assumed.")

    private static let userResult: JSONValue =
        Schema.object(
            "What became of one user.", optional: ["relinked", "error", "code"],
            [
                "index": Schema.count("Position in the request, from 0."),
                "userId": Schema.nullableString("The wrapper's id, as sent."),
                "email": Schema.nullableString("As sent; null for a removal."),
                "status": Schema.words(["created", "updated", "failed"], "The guide's word."),
                "outcome": Schema.words(UserOutcome.allCases.map(\.word), "The precise word."),
                "crmUserId": Schema.nullableString("Id of the row in the CRM; null if there is none."),
                "relinked": Schema.boolean(
                    "True if the email led to a row with another id (a re-created account, a recycled address): the row has this "
                        + "user's id now, and nothing of what it held, rights included. Absent otherwise."),
                "message": Schema.string("For people: \"User created successfully\"."),
                "error": Schema.string("Why the user failed; present if status is failed."),
                "code": Schema.words(FailureCode.allCases.map(\.word), "Why the user failed, for programs."),
            ]) + [
            "if": ["properties": ["status": Schema.constant("failed")]],
            "then": ["required": ["error"]],
        ]
}
