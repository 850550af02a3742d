import HTTPTypes

extension Endpoint {
    /// Making two tenants one.
    static let mergeGroup: [Endpoint] = [.previewMerge, .beginMerge, .merges, .merge, .cancelMerge]

    package static let merges = Endpoint(
        .get, "/api/internal/sync/tenants/merges", .anyKey,
        OpenAPIOperation(
            "listMerges", tag: "tenants", "Merges of tenants, newest first", parameters: ["ListLimit", "Cursor"],
            answers: [OpenAPIAnswer(200, "A page of merges.", .json(PageDocument<MergeDocument>.self))], errors: [503]))

    package static let previewMerge = Endpoint(
        .get, "/api/internal/sync/tenants/aliases/merge/preview", .anyKey,
        OpenAPIOperation(
            "previewMerge", tag: "tenants", "What a merge would do to the users now",
            "Changes nothing. 409 if both names are one tenant's, or nobody knows one of them.",
            parameters: ["AliasName", "AliasTenant"],
            answers: [OpenAPIAnswer(200, "What it would do.", .json(MergePreviewDocument.self))], errors: [409, 503]))

    package static let beginMerge = Endpoint(
        .post, "/api/internal/sync/tenants/aliases/merge", .anyKey,
        OpenAPIOperation(
            "beginMerge", tag: "tenants", "Make a tenant that is in use an alias of another",
            """
            Jobs that are accepted for either from now on wait; once those before have ended, the users are moved, all or none. 409 if one of \
            them has a part in another merge or neither a job nor a user, and with TENANT_ALIASES=off.
            """,
            parameters: ["AliasName", "AliasTenant"],
            answers: [
                OpenAPIAnswer(200, "They were one tenant before.", .json(MergeAnswerDocument.self)),
                OpenAPIAnswer(202, "The merge is under way.", .json(MergeAnswerDocument.self), headers: ["Location"]),
            ], errors: [409, 503]))

    package static let merge = Endpoint(
        .get, "/api/internal/sync/tenants/merges/{id}", .anyKey,
        OpenAPIOperation(
            "getMerge", tag: "tenants", "One merge", parameters: ["MergeID"],
            answers: [OpenAPIAnswer(200, "The merge.", .json(MergeDocument.self))], errors: [404, 503]))

    package static let cancelMerge = Endpoint(
        .post, "/api/internal/sync/tenants/merges/{id}/cancel", .anyKey,
        OpenAPIOperation(
            "cancelMerge", tag: "tenants", "Take a merge back while it waits for jobs",
            "409 once users are being moved, or it has ended.", parameters: ["MergeID"],
            answers: [OpenAPIAnswer(200, "It is cancelled; nothing was changed.", .json(MergeAnswerDocument.self))],
            errors: [404, 409, 503]))
}
