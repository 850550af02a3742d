import SyncModel

/// The schemas of `components`, split by concern.
enum Schemas {}

extension Schemas {
    /// What callers send (Contract.md, "Body of a sync" and "Body of a removal").
    static let requests: JSONValue = [
        "SyncRequest": syncRequest,
        "ConnectionCheck": Schema.object(
            "The guide's accessibility check: nothing but this member. It needs no X-Tenant-ID; nothing is queued.",
            ["test": Schema.constant("connection")]) + ["additionalProperties": false],
        "RemovalRequest": removalRequest,
        "TenantOfRequest": tenant,
        "User": user,
        "SyncMetadata": metadata,
    ]

    private static let syncRequest: JSONValue = Schema.object(
        "The guide's body of a sync. Unknown members are ignored and named in `warnings`.", optional: ["metadata"],
        [
            "operation": Schema.constant("user_sync"),
            "tenant": Schema.ref("TenantOfRequest"),
            "users": Schema.array(of: Schema.ref("User"), "Users in the order they take effect. May be empty."),
            "metadata": Schema.nullable(ref: "SyncMetadata"),
        ])

    private static let removalRequest: JSONValue = Schema.object(
        "Deactivates one user; deletes nothing.", optional: ["removedAt", "reason"],
        [
            "operation": Schema.constant("user_removal"),
            "tenant": Schema.ref("TenantOfRequest"),
            "userId": Schema.text("The wrapper's id of the user, as `users[].id` of a sync.", minLength: 1, maxLength: 255),
            "removedAt": [
                "type": ["string", "null"], "format": "date-time",
                "description": "When the user was removed; a sync with an older syncTime does not reactivate the user.",
            ],
            "reason": Schema.text("Kept with the job.", maxLength: 500, nullable: true),
        ])

    private static let tenant: JSONValue = Schema.object(
        "The tenant; `id` equals the header X-Tenant-ID.", optional: ["subdomain", "kindeOrgId"],
        [
            "id": Schema.text("", minLength: 1, maxLength: 255),
            "name": Schema.text("", minLength: 1, maxLength: 255),
            "subdomain": Schema.text("", maxLength: 255, nullable: true),
            "kindeOrgId": Schema.text("", maxLength: 255, nullable: true),
        ])

    private static let metadata: JSONValue = Schema.object(
        "About the sync itself.", optional: ["syncTime", "syncedBy", "syncType", "applicationCode", "callbackUrl"],
        [
            "syncTime": Schema.nullableTime(
                "When the data was read; older news never overwrites newer. At most 5 minutes ahead of the server's clock. "
                    + "If absent, the time of acceptance."),
            "syncedBy": Schema.text("", maxLength: 255, nullable: true),
            "syncType": Schema.text("single_user, full or incremental", maxLength: 255, nullable: true),
            "applicationCode": Schema.text("", maxLength: 255, nullable: true),
            "callbackUrl": Schema.text(
                "Takes the place of the configured webhook address; https, on a host of WEBHOOK_ALLOWED_HOSTS.", minLength: 1,
                maxLength: 2048, nullable: true),
        ])

    /// Everything except `email` and `name` is optional; `null` clears on update, absent keeps.
    private static let user: JSONValue = Schema.object(
        "One user; at most 64 KiB of JSON. An absent member keeps its value on update, null clears it.",
        optional: [
            "id", "kindeUserId", "avatar", "isActive", "isAdmin", "department", "title", "lastActiveAt", "roles",
            "permissions", "allowedApplications", "subscriptionTier",
        ],
        [
            "id": Schema.text("The wrapper's id of the user.", minLength: 1, maxLength: 255, nullable: true),
            "kindeUserId": Schema.text("", minLength: 1, maxLength: 255, nullable: true),
            "email": ["type": "string", "format": "email", "maxLength": 254, "description": "Matched without regard to case."],
            "name": Schema.text("", minLength: 1, maxLength: 255),
            "avatar": Schema.text("", maxLength: 2048, nullable: true),
            "isActive": ["type": ["boolean", "null"]],
            "isAdmin": ["type": ["boolean", "null"]],
            "department": Schema.text("", maxLength: 100, nullable: true),
            "title": Schema.text("", maxLength: 100, nullable: true),
            "lastActiveAt": Schema.nullableTime(""),
            "roles": anyJSONOrText,
            "permissions": anyJSONOrText,
            "allowedApplications": anyJSON,
            "subscriptionTier": Schema.text("", maxLength: 50, nullable: true),
        ])

    private static let anyJSONOrText: JSONValue = [
        "type": ["array", "object", "string", "null"],
        "description": "Any JSON array or object; a string counts as an array of one.",
    ]

    private static let anyJSON: JSONValue = [
        "type": ["array", "object", "null"], "description": "Any JSON array or object.",
    ]
}
