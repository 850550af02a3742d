import SyncModel

extension OpenAPIDocument {
    static let parameters: JSONValue = headerParameters + pathParameters + filters + paging

    private static let headerParameters: JSONValue = [
        "X-Tenant-ID": header(
            "X-Tenant-ID", "Equal to tenant.id of the body, byte for byte. Required except for the accessibility check.",
            required: true, minLength: 1, maxLength: TextLimits.name),
        "X-Sync-Source": header(
            "X-Sync-Source",
            "Which system sends. If absent, it is recorded as unknown, with a warning; required with REQUIRE_SYNC_SOURCE=true.",
            maxLength: TextLimits.name),
        "X-Sync-Source-Optional": header("X-Sync-Source", "Which system sends.", maxLength: TextLimits.name),
        "Content-Encoding": header("Content-Encoding", "Of the body.", schema: Schema.words(["gzip", "identity"], "")),
        "Idempotency-Key": header(
            "Idempotency-Key",
            """
            Per tenant and route, kept 24 h; visible ASCII. The same key and body answer 202 with the job's present state and \
            Idempotent-Replayed; another body 422; while the first is still arriving, 409.
            """, schema: ["type": "string", "pattern": .string("^[!-~]{1,\(TextLimits.idempotencyKey)}$")]),
        "Prefer": [
            "name": "Prefer", "in": "header", "schema": ["type": "string"], "example": "wait=10",
            "description": "wait=N: 200 with the result if the job ends within N seconds, at most \(TextLimits.wait).",
        ],
        "traceparent": header("traceparent", "W3C trace context; kept with the job and sent on with its webhook."),
        "tracestate": header("tracestate", "Accompanies traceparent."),
        "X-Request-ID": header(
            "X-Request-ID",
            "Echoed; replaced by a generated one if absent, not visible ASCII or longer than \(TextLimits.requestID) characters."),
    ]

    private static let pathParameters: JSONValue = [
        "JobID": [
            "name": "id", "in": "path", "required": true, "description": "jobId of the acknowledgement.",
            "schema": ["type": "string", "format": "uuid"], "example": .string(OpenAPIExamples.jobID),
        ],
        "DeliveryID": [
            "name": "id", "in": "path", "required": true, "description": "The header webhook-id.",
            "schema": ["type": "string", "maxLength": .integer(TextLimits.deliveryID)],
        ],
        "MergeID": [
            "name": "id", "in": "path", "required": true, "description": "The merge's number.",
            "schema": ["type": "integer", "minimum": 1],
        ],
    ]

    private static let filters: JSONValue = [
        "JobStatus": query("status", "Jobs in this state.", Schema.words(JobState.allCases.map(\.rawValue), "")),
        "ResultStatus": query(
            "status", "Results with this status.", Schema.words(ResultStatusFilter.allCases.map(\.rawValue), "")),
        "DeliveryState": query(
            "state", "Deliveries in this state.", Schema.words(DeliveryState.allCases.map(\.rawValue), "")),
        "DeadState": [
            "name": "state", "in": "query", "required": true, "description": "Only dead ones are sent again together.",
            "schema": Schema.words([DeliveryState.dead.rawValue], ""),
        ],
        "AliasName": [
            "name": "alias", "in": "query", "required": true, "description": "The name.",
            "schema": filterText,
        ],
        "AliasTenant": [
            "name": "tenantId", "in": "query", "required": true, "description": "The tenant, by any of its names.",
            "schema": filterText,
        ],
        "TenantFilter": query("tenantId", "Of this tenant, by any of its names.", filterText),
        "SourceFilter": query("source", "From this X-Sync-Source.", filterText),
        "JobFilter": query("jobId", "Of this job.", ["type": "string", "format": "uuid"]),
        "Since": query("since", "Accepted at this moment or later; ISO 8601, UTC without an offset.", moment),
        "Until": query("until", "Accepted before this moment; ISO 8601, UTC without an offset.", moment),
    ]

    /// A date and time, or a date alone, which is its midnight.
    private static let moment: JSONValue = [
        "type": "string", "minLength": 10, "maxLength": .integer(TextLimits.name),
        "anyOf": [["format": "date-time"], ["format": "date"]],
    ]

    /// Query parameters are UTF-8 without NUL.
    private static let filterText: JSONValue = [
        "type": "string", "minLength": 1, "maxLength": .integer(TextLimits.name), "pattern": "^[^\\u0000]*$",
    ]

    private static let paging: JSONValue = [
        "ListLimit": query("limit", "The most a page holds.", limit(.list)),
        "ResultLimit": query("limit", "The most a page holds.", limit(.results)),
        "Cursor": query(
            "cursor", "nextCursor of the page before.",
            ["type": "string", "minLength": 1, "maxLength": .integer(TextLimits.cursor)]),
    ]

    private static func limit(_ limit: PageLimit) -> JSONValue {
        [
            "type": "integer", "minimum": .integer(limit.range.lowerBound), "maximum": .integer(limit.range.upperBound),
            "default": .integer(limit.standard),
        ]
    }

    private static func query(_ name: String, _ description: String, _ schema: JSONValue) -> JSONValue {
        ["name": .string(name), "in": "query", "description": .string(description), "schema": schema]
    }

    private static func header(
        _ name: String, _ description: String, required: Bool = false, minLength: Int? = nil, maxLength: Int? = nil,
        schema: JSONValue? = nil
    ) -> JSONValue {
        var text: JSONValue = ["type": "string"]
        if let minLength { text = text + ["minLength": .integer(minLength)] }
        if let maxLength { text = text + ["maxLength": .integer(maxLength)] }
        return [
            "name": .string(name), "in": "header", "required": .bool(required), "description": .string(description),
            "schema": schema ?? text,
        ]
    }
}
