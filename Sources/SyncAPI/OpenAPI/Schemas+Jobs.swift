import SyncModel

extension Schemas {
    /// Jobs, open or ended, and lists of them.
    static let jobs: JSONValue = [
        "Job": ["oneOf": [Schema.ref("OpenJob"), Schema.ref("EndedJob")]],
        "OpenJob": Schema.object(
            "A job that has not ended.", optional: ["reason"],
            [
                "success": Schema.constant(true),
                "message": Schema.string(""),
                "jobId": Schema.jobID(""),
                "status": Schema.words(JobState.allCases.filter { !$0.isEnd }.map(\.rawValue), ""),
                "tenant": Schema.ref("Tenant"),
                "metadata": Schema.object(
                    "", optional: ["cancelled"], ["operation": operation] + counts + ["acceptedAt": Schema.time("")]),
            ] + jobProperties),
        "EndedJob": Schema.object(
            "A job that has ended: the guide's response format, and how it got there.",
            optional: ["error", "resultsUrl", "reason"], resultProperties + jobProperties),
        "JobSummary": summary,
        "Progress": progress,
        "BatchAttempt": Schema.object(
            "A failed attempt at a batch.",
            [
                "batch": Schema.count("Number within the job, from 0."),
                "attempt": ["type": "integer", "minimum": 1],
                "at": Schema.time(""),
                "error": Schema.string(""),
            ]),
        "JobWebhook": Schema.object(
            "The state of the job's webhook.",
            [
                "id": Schema.string("Id of the delivery; the header webhook-id."),
                "type": Schema.string(""),
                "state": deliveryState,
                "attempts": Schema.count(""),
                "nextAttemptAt": Schema.nullableTime(""),
                "deliveredAt": Schema.nullableTime(""),
                "lastStatus": nullableStatus,
                "lastError": Schema.nullableString(""),
            ]),
        "JobList": list("jobs", of: "JobSummary"),
        "ResultList": list("results", of: "UserResult"),
    ]

    /// A page of a list.
    static func list(_ name: String, of element: String) -> JSONValue {
        Schema.object(
            "",
            [
                "success": Schema.constant(true),
                name: Schema.array(of: Schema.ref(element), ""),
                "nextCursor": Schema.nullableString("Pass it as `cursor` for the next page; null on the last."),
            ])
    }

    static let deliveryState = Schema.words(DeliveryState.allCases.map(\.rawValue), "")

    static let nullableStatus: JSONValue = [
        "type": ["integer", "null"], "description": "HTTP status of the last answer; null if there was none.",
    ]

    /// What both an open and an ended job show.
    private static let jobProperties: JSONValue = [
        "cancelRequested": Schema.boolean(""),
        "source": Schema.string("X-Sync-Source, or unknown."),
        "requestId": Schema.string("X-Request-ID of the request that made the job."),
        "syncType": Schema.nullableString("metadata.syncType, as sent."),
        "syncTime": Schema.time("Decides what is stale."),
        "reason": Schema.nullableString("Of a removal; absent for a sync."),
        "retryOf": Schema.nullableJobID("The job whose failed users this one tries again."),
        "statusUrl": Schema.string("Path of the job."),
        "startedAt": Schema.nullableTime(""),
        "endedAt": Schema.nullableTime(""),
        "progress": Schema.ref("Progress"),
        "failedCodes": [
            "type": "object", "description": "Failed users by code.",
            "additionalProperties": ["type": "integer", "minimum": 0],
        ],
        "attempts": Schema.array(
            of: Schema.ref("BatchAttempt"), "The last failed attempts at its batches, newest first, up to 20."),
        "webhook": Schema.nullable(ref: "JobWebhook"),
        "warnings": warnings,
    ]

    private static let progress: JSONValue = Schema.object(
        "How far along a job is.", optional: ["usersPerSecond", "etaSeconds"],
        [
            "usersDone": Schema.count(""),
            "total": Schema.count(""),
            "percent": ["type": "number", "minimum": 0, "maximum": 100],
            "batchesDone": Schema.count(""),
            "batches": Schema.count(""),
            "usersPerSecond": Schema.number("Since the first batch started; absent before its end."),
            "etaSeconds": Schema.number("Of a running job, at the present rate."),
        ])

    private static let summary: JSONValue = Schema.object(
        "One job of a list.", optional: ["cancelled", "sequence"],
        [
            "jobId": Schema.jobID(""),
            "status": Schema.words(JobState.allCases.map(\.rawValue), ""),
            "cancelRequested": Schema.boolean(""),
            "operation": operation,
            "tenant": Schema.ref("Tenant"),
            "source": Schema.string(""),
            "syncType": Schema.nullableString(""),
        ] + counts + [
            "progress": Schema.ref("Progress"),
            "acceptedAt": Schema.time(""),
            "startedAt": Schema.nullableTime(""),
            "endedAt": Schema.nullableTime(""),
            "sequence": sequence,
            "retryOf": Schema.nullableJobID(""),
            "statusUrl": Schema.string(""),
        ])
}
