import SyncModel

extension OpenAPIDocument {
    /// What we send (Contract.md, "The completion webhook").
    static func webhooks(_ components: inout SchemaComponents) -> JSONValue {
        let body = components.schema(of: WebhookDocument.self)
        return [
            "jobEnded": [
                "post": [
                    "operationId": "jobEnded",
                    "summary": "A job has ended",
                    "description": """
                    Sent to WRAPPER_WEBHOOK_URL, or the request's metadata.callbackUrl, as Standard Webhooks has it. Tried again at \
                    about 5 s, 30 s, 5 min, 30 min, 2 h, 5 h, 10 h and 24 h; `Retry-After` is honoured; 410 stops. Results beyond \(ResultDocument.webhookLimit) \
                    are left to resultsUrl. deliveries/test sends a TestEvent in the same way.
                    """,
                    "security": [],
                    "parameters": [
                        webhookHeader("webhook-id", "Stable over retries and redelivery.", required: true),
                        webhookHeader("webhook-timestamp", "Seconds since 1970 at the attempt.", required: true),
                        webhookHeader(
                            "webhook-signature",
                            "`v1,<base64 HMAC-SHA256 of id.timestamp.body>`, one per secret, separated by spaces.",
                            required: true),
                        webhookHeader(
                            "X-Internal-API-Key",
                            "The first internal key; with WEBHOOK_SEND_API_KEY=true, to the configured address only.",
                            required: false
                        ),
                        webhookHeader("X-Tenant-ID", "Tenant of the job.", required: false),
                        webhookHeader("X-Sync-Source", "Source of the job.", required: false),
                        webhookHeader("traceparent", "As received with the job.", required: false),
                    ],
                    "requestBody": [
                        "required": true,
                        "content": [
                            "application/json": [
                                "schema": body,
                                "example": OpenAPIExamples.webhook,
                            ]
                        ],
                    ],
                    "responses": [
                        "2XX": ["description": "Delivered."],
                        "410": ["description": "Never send this one again."],
                        "default": ["description": "Tried again later."],
                    ],
                ]
            ]
        ]
    }

    private static func webhookHeader(_ name: String, _ description: String, required: Bool) -> JSONValue {
        [
            "name": .string(name), "in": "header", "required": .bool(required), "description": .string(description),
            "schema": ["type": "string"],
        ]
    }
}
