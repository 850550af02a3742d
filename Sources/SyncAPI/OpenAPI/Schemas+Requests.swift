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
        "VersionTwoRequest": versionTwoRequest,
        "VersionTwoUser": versionTwoUser,
        "RemovalRequest": removalRequest,
        "TenantOfRequest": tenant,
        "User": user,
        "SyncMetadata": metadata,
    ]

    private static let syncRequest = object(
        .sync, "The guide's body of a sync. Unknown members are ignored and named in `warnings`.",
        schemas: [
            "operation": operation(.userSync),
            "tenant": Schema.ref("TenantOfRequest"),
            "users": Schema.array(of: Schema.ref("User"), "Users in the order they take effect. May be empty."),
            "metadata": Schema.nullable(ref: "SyncMetadata"),
        ])

    private static let versionTwoRequest = object(
        .syncVersion2,
        """
        The platform's second version of a sync's body. `mode` comes before `users`; unknown members are ignored and named in \
        `warnings`.
        """,
        [
            "orgCode": "The tenant where a token says who calls; otherwise kept as the tenant's name.",
            "forceUpdate": "Has no effect: an email never moves from one tenant to another.",
        ],
        schemas: [
            "mode": Schema.words(
                SyncMode.allCases.map(\.rawValue),
                "Both apply the list. full-reconcile is refused if empty, and warns that nobody who is not in it was deactivated."
            ),
            "users": Schema.array(of: Schema.ref("VersionTwoUser"), "Users in the order they take effect."),
        ])

    private static let versionTwoUser = object(
        .userVersion2,
        "One user; at most 64 KiB of JSON. What is absent, null or empty keeps its value on update.",
        [
            "externalId": "The platform's id of the user: kp_… once the user has logged in, else its own.",
            "email": "Matched without regard to case.",
            "firstName": "Joined with lastName; without both, a new user is named by the local part of the email.",
            "designation": "The user's title.", "mobile": "Not kept.", "zone": "Not kept.", "metadata": "Not kept.",
            "orgCode": "Equal to that of the body.",
        ])

    private static let removalRequest = object(
        .removal, "Deactivates one user; deletes nothing.",
        [
            "userId": "The platform's id of the user, as `users[].id` of a sync.",
            "removedAt": "When the user was removed; a sync with an older syncTime does not reactivate the user.",
            "reason": "Kept with the job.",
        ],
        schemas: ["operation": operation(.userRemoval), "tenant": Schema.ref("TenantOfRequest")])

    private static let tenant = object(.tenant, "The tenant; `id` equals the header X-Tenant-ID.")

    private static let metadata = object(
        .metadata, "About the sync itself.",
        [
            "syncTime": """
            When the data was read; older news never overwrites newer. At most 5 minutes ahead of the server's clock. If absent, \
            the time of acceptance.
            """,
            "syncType": "single_user, full or incremental",
            "callbackUrl": "Takes the place of the configured webhook address; https, on a host of WEBHOOK_ALLOWED_HOSTS.",
        ])

    private static let user = object(
        .user, "One user; at most 64 KiB of JSON. An absent member keeps its value on update, null clears it.",
        ["id": "The platform's id of the user.", "email": "Matched without regard to case."])

    private static func operation(_ operation: Operation) -> JSONValue { Schema.constant(.string(operation.rawValue)) }

    /// An object as the reader's table has it: its members, which of them are required, and their limits.
    ///
    /// - Parameters:
    ///   - members: what a member is for, if its name does not say it.
    ///   - schemas: of members whose rule is not the whole truth.
    private static func object(
        _ shape: ObjectShape, _ description: String, _ members: [String: String] = [:], schemas: [String: JSONValue] = [:]
    ) -> JSONValue {
        let rules = zip(shape.names, shape.rules)
        return Schema.object(
            description, optional: Set(rules.lazy.filter { !$1.isRequired }.map(\.0)),
            .object(rules.map { ($0, schemas[$0] ?? schema(of: $1, members[$0] ?? "")) }))
    }

    private static func schema(of rule: FieldRule, _ description: String) -> JSONValue {
        func typed(_ types: String...) -> JSONValue {
            let types = types + (rule.isRequired ? [] : ["null"])
            let type: JSONValue = ["type": types.count == 1 ? .string(types[0]) : .words(types)]
            return description.isEmpty ? type : type + ["description": .string(description)]
        }
        let any = "Any JSON array or object"
        return switch rule.kind {
        case .text: typed("string") + lengths(of: rule)
        case .email: typed("string") + ["format": "email"] + lengths(of: rule)
        case .isoDate: typed("string") + ["format": "date-time"]
        case .boolean: typed("boolean")
        case .container: typed("array", "object") + ["description": "\(any)."]
        case .containerOrText: typed("array", "object", "string") + ["description": "\(any); a string counts as an array of one."]
        case .array: typed("array")
        case .object: typed("object")
        case .any: ["description": .string(description)]
        }
    }

    private static func lengths(of rule: FieldRule) -> JSONValue {
        let least: JSONValue = rule.mayBeEmpty ? [:] : ["minLength": 1]
        return rule.maxLength == .max ? least : least + ["maxLength": .integer(rule.maxLength)]
    }
}
