/// The integration guide's examples, with the values it leaves open filled in.
enum OpenAPIExamples {
    static let jobID = "0198c1f2-9c00-7a3b-8d4e-5f60718293a4"
    private static let time: JSONValue = "2025-08-19T10:00:00.000Z"
    private static let tenant: JSONValue = ["id": "tenant-uuid", "name": "Company Name"]
    private static let statusPath = Endpoint.job.path(of: jobID)

    static let sync: JSONValue = [
        "operation": "user_sync",
        "tenant": [
            "id": "tenant-uuid", "name": "Company Name", "subdomain": "company-subdomain",
            "kindeOrgId": "kinde-organization-id",
        ],
        "users": [
            [
                "id": "user-uuid", "kindeUserId": "kinde-user-id", "email": "user@company.com", "name": "User Full Name",
                "avatar": "https://avatar-url.com/image.jpg", "isActive": true, "isAdmin": false, "department": "Sales",
                "title": "Sales Manager", "lastActiveAt": time, "roles": ["user", "manager"],
                "permissions": ["read", "write", "delete"], "allowedApplications": ["crm", "hr", "analytics"],
                "subscriptionTier": "premium",
            ]
        ],
        "metadata": [
            "syncTime": time, "syncedBy": "wrapper-user-sync-service", "syncType": "single_user", "applicationCode": "crm",
        ],
    ]

    static let minimalSync: JSONValue = [
        "operation": "user_sync",
        "tenant": ["id": "test-tenant", "name": "Test Company"],
        "users": [["id": "test-user", "email": "test@company.com", "name": "Test User", "isActive": true]],
    ]

    static let versionTwo: JSONValue = [
        "mode": "upsert", "orgCode": "org_acme9f3",
        "users": [
            [
                "externalId": "kp_2", "email": "bob@acme.example.com", "firstName": "Bob", "lastName": "Builder Junior",
                "mobile": "",
                "designation": "Sales Manager", "zone": "", "isActive": true, "orgCode": "org_acme9f3", "metadata": [:],
            ]
        ],
        "forceUpdate": true,
    ]

    static let versionTwoResult = versionTwoResult(
        "Synced 1 of 1 user", success: true, ["total": 1, "created": 1, "updated": 0, "failed": 0, "errors": []],
        [
            "index": 0, "userId": "kp_2", "email": "bob@acme.example.com", "status": "created", "outcome": "created",
            "crmUserId": "17", "message": "User created successfully",
        ])

    static let versionTwoFailure = versionTwoResult(
        "Synced 0 of 1 user", success: false,
        [
            "total": 1, "created": 0, "updated": 0, "failed": 1,
            "errors": ["bob@acme.example.com: The email belongs to a user of another tenant"],
        ],
        [
            "index": 0, "userId": "kp_2", "email": "bob@acme.example.com", "status": "failed", "outcome": "failed",
            "crmUserId": nil, "message": "User could not be synced", "error": "The email belongs to a user of another tenant",
            "code": "email_in_other_tenant",
        ])

    static let removal: JSONValue = [
        "operation": "user_removal", "tenant": tenant, "userId": "user-uuid", "removedAt": time, "reason": "left the company",
    ]

    static let acknowledgement = acknowledgement("Accepted 1 user for sync", "user_sync")
    static let removalAcknowledgement = acknowledgement("Accepted removal of 1 user", "user_removal")

    static let connectionOK: JSONValue = ["success": true, "message": "Connection OK", "timestamp": time]

    static let result = result(
        "Synced 1 of 1 user", "user_sync", created: 1,
        [
            "index": 0, "userId": "user-uuid", "email": "user@company.com", "status": "created", "outcome": "created",
            "crmUserId": "17", "message": "User created successfully",
        ])

    static let removalResult = result(
        "Removed 1 of 1 user", "user_removal", removed: 1,
        [
            "index": 0, "userId": "user-uuid", "email": nil, "status": "updated", "outcome": "removed", "crmUserId": "17",
            "message": "User deactivated successfully",
        ])

    static let resultLines = """
        {"index":0,"userId":"user-uuid","email":"user@company.com","status":"created","outcome":"created","crmUserId":"17",\
        "message":"User created successfully"}

        """

    static let webhook: JSONValue = ["type": "user_sync.completed", "timestamp": time, "data": result]

    static let invalid: JSONValue =
        error("Invalid request format") + [
            "details": [
                [
                    "path": ["users", 17, "email"], "message": "\"users[17].email\" must be a valid email",
                    "type": "string.email",
                ]
            ],
            "errorCount": 1,
        ]

    static func error(_ message: String, _ details: String? = nil) -> JSONValue {
        let body: JSONValue = [
            "success": false, "error": .string(message), "timestamp": time, "requestId": "6f1c2a9be0d34c55",
        ]
        return details.map { body + ["details": .string($0)] } ?? body
    }

    private static func acknowledgement(_ message: String, _ operation: String) -> JSONValue {
        [
            "success": true, "message": .string(message), "jobId": .string(jobID), "status": "queued",
            "statusUrl": .string(statusPath), "tenant": tenant,
            "metadata": ["operation": .string(operation), "acceptedAt": time, "totalUsers": 1, "batches": 1],
            "warnings": [],
        ]
    }

    private static func versionTwoResult(
        _ message: String, success: Bool, _ summary: JSONValue, _ user: JSONValue
    ) -> JSONValue {
        [
            "success": .bool(success), "message": .string(message),
            "data": [
                "mode": "upsert", "summary": summary, "results": [user], "resultsTruncated": false, "timestamp": time,
            ],
            "jobId": .string(jobID), "statusUrl": .string(statusPath), "warnings": [],
        ]
    }

    private static func result(
        _ message: String, _ operation: String, created: Int = 0, removed: Int = 0, _ user: JSONValue
    ) -> JSONValue {
        [
            "success": true, "message": .string(message), "jobId": .string(jobID), "status": "completed", "sequence": 41,
            "results": [user], "resultsTruncated": false, "tenant": tenant,
            "metadata": [
                "operation": .string(operation), "syncedAt": time, "totalUsers": 1, "successful": 1, "failed": 0,
                "created": .integer(created), "updated": 0, "unchanged": 0, "stale": 0, "removed": .integer(removed),
                "durationMs": 12, "acceptedAt": "2025-08-19T09:59:59.988Z",
            ],
            "syncedAt": time,
        ]
    }
}
