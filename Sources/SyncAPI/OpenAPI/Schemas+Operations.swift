import SyncModel

extension Schemas {
    /// Status, health, deliveries, webhooks and errors.
    static let operations: JSONValue = [
        "Status": status,
        "Directory": Schema.object(
            "The state of the CRM's database. While it is unavailable, jobs are accepted and wait; no attempt is counted.",
            [
                "state": Schema.words(DirectoryHealth.State.allCases.map(\.rawValue), ""),
                "since": Schema.time(""),
                "error": Schema.nullableString(""),
            ]),
        "Alive": Schema.object("", ["success": Schema.constant(true), "status": Schema.constant("ok")]),
        "Health": health(status: "ok"),
        "Ready": health(status: "ready"),
        "ConnectionOK": Schema.object(
            "Answer to the accessibility check.",
            ["success": Schema.constant(true), "message": Schema.string(""), "timestamp": Schema.time("")]),
        "Delivery": delivery,
        "DeliveryList": list("deliveries", of: "Delivery"),
        "DeliveryAnswer": Schema.object(
            "", ["success": Schema.constant(true), "message": Schema.string(""), "delivery": Schema.ref("Delivery")]),
        "WebhookEvent": Schema.object(
            "Body of a completion webhook.",
            ["type": Schema.words(webhookTypes, ""), "timestamp": Schema.time(""), "data": Schema.ref("Result")]),
        "TestEvent": Schema.object(
            "Body of the webhook that deliveries/test sends.",
            [
                "type": Schema.constant(.string(WebhookDocument.testType)),
                "timestamp": Schema.time(""),
                "data": Schema.object("", ["success": Schema.constant(true), "message": Schema.string("")]),
            ]),
        "Error": error,
        "Violation": Schema.object(
            "A rule of the request format that was broken.",
            [
                "path": Schema.array(of: ["type": ["string", "integer"]], ""),
                "message": Schema.string(""),
                "type": Schema.string("Joi's word: string.email, any.required, …"),
            ]),
    ]

    static let webhookTypes = Operation.allCases.flatMap { operation in
        [JobState.completed, .failed, .cancelled].map { WebhookDocument.type(of: operation, endingAs: $0) }
    }

    private static func health(status word: String) -> JSONValue {
        Schema.object(
            "",
            [
                "success": Schema.constant(true),
                "status": Schema.constant(.string(word)),
                "timestamp": Schema.time(""),
                "directory": Schema.ref("Directory"),
                "draining": Schema.boolean("The server is stopping."),
            ])
    }

    private static let delivery: JSONValue = Schema.object(
        "A webhook in the outbox; its body is not shown.",
        [
            "id": Schema.string("The header webhook-id: stable over retries and redelivery."),
            "jobId": Schema.nullableJobID("null for a test event."),
            "tenantId": Schema.nullableString(""),
            "type": Schema.string(""),
            "url": Schema.string("Without user, password, query and fragment."),
            "state": deliveryState,
            "attempts": Schema.count(""),
            "createdAt": Schema.time(""),
            "nextAttemptAt": Schema.nullableTime("null once delivered or dead."),
            "lastAttemptAt": Schema.nullableTime(""),
            "deliveredAt": Schema.nullableTime(""),
            "lastStatus": nullableStatus,
            "lastError": Schema.nullableString(""),
        ])

    private static let error: JSONValue = Schema.object(
        "Every error.", optional: ["details", "errorCount"],
        [
            "success": Schema.constant(false),
            "error": Schema.string("Error description."),
            "timestamp": Schema.time(""),
            "details": [
                "oneOf": [
                    ["type": "string"],
                    ["type": "array", "items": Schema.ref("Violation"), "maxItems": .integer(Violations.kept)],
                ],
                "description": "An array if rules of the request format were broken, else a sentence.",
            ],
            "errorCount": Schema.count("How many violations there are in all, if details is an array."),
            "requestId": Schema.string(""),
        ])

    private static let status: JSONValue = Schema.object(
        "The queue at a glance.",
        [
            "success": Schema.constant(true),
            "timestamp": Schema.time(""),
            "jobs": Schema.object(
                "Jobs by state.", .object(JobState.allCases.map { ($0.rawValue, Schema.count("")) })),
            "pendingUsers": Schema.count("Users of open jobs that are not settled."),
            "oldestPendingAgeSeconds": Schema.nullableNumber("null if no job is open."),
            "tenants": Schema.array(
                of: Schema.object(
                    "",
                    [
                        "tenantId": Schema.string(""),
                        "openJobs": Schema.count(""),
                        "pendingUsers": Schema.count(""),
                        "currentJobId": Schema.nullableJobID("The job it is working on."),
                    ]), "The 20 longest backlogs, longest first."),
            "workers": Schema.object("", ["active": Schema.count(""), "idle": Schema.count("")]),
            "usersPerSecond": Schema.object(
                "Users applied per second.",
                ["1m": Schema.number("Over the last minute."), "5m": Schema.number("Over the last five.")]),
            "retrying": Schema.array(
                of: Schema.object(
                    "",
                    [
                        "jobId": Schema.jobID(""),
                        "tenantId": Schema.string(""),
                        "batch": Schema.count(""),
                        "attempts": Schema.count(""),
                        "nextAttemptAt": Schema.time(""),
                        "lastError": Schema.string(""),
                    ]), "Batches in backoff, the next due first, up to 20."),
            "directory": Schema.ref("Directory"),
            "webhooks": Schema.object(
                "",
                [
                    "pending": Schema.count(""),
                    "dead": Schema.count(""),
                    "oldestAgeSeconds": Schema.nullableNumber("Of the oldest pending one."),
                    "lastError": Schema.nullableString(""),
                ]),
            "queue": Schema.object(
                "",
                [
                    "bytes": Schema.count(""),
                    "walBytes": Schema.nullableCount("null if the store keeps no log of its own."),
                    "freeDiskBytes": Schema.nullableCount("null if unknown."),
                ]),
            "draining": Schema.boolean(""),
        ])
}
