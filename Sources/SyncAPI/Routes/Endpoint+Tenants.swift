import HTTPTypes

extension Endpoint {
    /// The names of tenants.
    static let tenantGroup: [Endpoint] = [.aliases, .setAlias, .forgetAlias]

    package static let aliases = Endpoint(
        .get, "/api/internal/sync/tenants/aliases", .anyKey,
        OpenAPIOperation(
            "listAliases", tag: "tenants", "Names that stand for tenants, newest first",
            parameters: ["TenantFilter", "ListLimit", "Cursor"],
            answers: [OpenAPIAnswer(200, "A page of aliases.", .json(PageDocument<TenantAliasDocument>.self))], errors: [503]))

    package static let setAlias = Endpoint(
        .post, "/api/internal/sync/tenants/aliases/set", .anyKey,
        OpenAPIOperation(
            "setAlias", tag: "tenants", "Make a name an alias of a tenant",
            """
            409 while jobs that came under the name are open, if the CRM has users of it or a removal that came before its user, or \
            if it stands for another tenant. \
            With its own id as `tenantId` it is kept a tenant of its own, and nothing is learnt of it.
            """,
            parameters: ["AliasName", "AliasTenant"],
            answers: [OpenAPIAnswer(200, "It is an alias of the tenant.", .json(AliasAnswerDocument.self))], errors: [409, 503]))

    package static let forgetAlias = Endpoint(
        .post, "/api/internal/sync/tenants/aliases/forget", .anyKey,
        OpenAPIOperation(
            "forgetAlias", tag: "tenants", "Make a name no alias any more",
            """
            Jobs that came under it stay with their tenant, open ones too. With TENANT_ALIASES=learn it may be learnt again: to prevent \
            that, set it as an alias of itself.
            """,
            parameters: ["AliasName"],
            answers: [OpenAPIAnswer(200, "It was an alias.", .json(AliasAnswerDocument.self))], errors: [404, 503]))
}
