package import Hummingbird
package import JobQueue
import SyncAPI
package import SyncModel

/// The names of tenants.
package struct TenantsController: Sendable {
    private let queue: any AliasControl
    private let clock: WallClock
    /// `TENANT_ALIASES`.
    private let mode: TenantAliases
    /// Whether the directory has users of a tenant; `nil` if it cannot say now.
    private let hasUsers: @Sendable (TenantID) async -> Bool?

    package init(
        queue: any AliasControl, clock: WallClock, mode: TenantAliases, hasUsers: @escaping @Sendable (TenantID) async -> Bool?
    ) {
        self.queue = queue
        self.clock = clock
        self.mode = mode
        self.hasUsers = hasUsers
    }

    package func addRoutes(to router: some RouterMethods<SyncRequestContext>) {
        router.on(.aliases, use: list)
        router.on(.setAlias, use: set)
        router.on(.forgetAlias, use: forget)
    }

    @Sendable private func list(_ request: Request, _ context: SyncRequestContext) async throws -> Response {
        let query = QueryParameters(request.uri.query)
        let tenantID = try query.text("tenantId").map { TenantID($0) }
        let limit = try query.integer("limit", in: PageLimit.list.range, default: PageLimit.list.standard)
        let cursor = try query.cursor()
        let page = try await reportingBadCursor { try await queue.aliases(of: tenantID, limit: limit, cursor: cursor) }
        return .json(document: PageDocument(page, element: TenantAliasDocument.init))
    }

    @Sendable private func set(_ request: Request, _ context: SyncRequestContext) async throws -> Response {
        let query = QueryParameters(request.uri.query)
        try query.expectOnly("alias", "tenantId")
        let (alias, tenantID) = (try query.tenantID("alias"), try query.tenantID("tenantId"))
        if mode == .off {
            throw APIError(.conflict, "The name cannot be made an alias", details: .text("TENANT_ALIASES is off: no name is one"))
        }
        let asked = clock.now()
        guard let hasUsers = await hasUsers(alias) else {
            throw APIError.unavailable("The CRM's database cannot say whether it has users of the name", retryAfter: 5)
        }
        let action = OperatorAction("set alias", alias: alias)
        switch try await queue.setAlias(alias, of: tenantID, hasUsers: hasUsers, now: asked) {
        case .set(let set):
            action.log("accepted: of \(set.tenantID)", context)
            return answer("\(alias) stands for \(set.tenantID)\(try await doubt(set))", set)
        case .unchanged(let present):
            action.log("known", context)
            return answer("\(alias) stood for \(present.tenantID) before\(try await doubt(present))", present)
        case .refused(let refusal):
            action.log("refused", context)
            throw APIError(.conflict, "The name cannot be made an alias", details: .text(Self.sentence(refusal)))
        }
    }

    /// A sentence more if nobody knows the tenant: its name may be misspelt, or it is set up before its first call.
    private func doubt(_ alias: TenantAlias) async throws -> String {
        let tenantID = alias.tenantID
        guard alias.alias != tenantID, try await !queue.hasJobs(tenantID), await hasUsers(tenantID) == false else { return "" }
        return ". No job and no user of \(tenantID) is known: if that is not what you meant, forget the alias"
    }

    @Sendable private func forget(_ request: Request, _ context: SyncRequestContext) async throws -> Response {
        let query = QueryParameters(request.uri.query)
        try query.expectOnly("alias")
        let alias = try query.tenantID("alias")
        let action = OperatorAction("forget alias", alias: alias)
        guard let forgotten = try await queue.forgetAlias(alias) else {
            action.log("refused: unknown", context)
            throw APIError.notFound("Alias")
        }
        action.log("accepted", context)
        return answer("\(alias) stands for no tenant any more", forgotten)
    }

    private func answer(_ message: String, _ alias: TenantAlias) -> Response {
        .json(document: AliasAnswerDocument(message: message, alias: TenantAliasDocument(alias)))
    }

    private static func sentence(_ refusal: AliasChange.Refusal) -> String {
        switch refusal {
        case .isOf(let tenantID): "It stands for \(tenantID). Forget that first"
        case .hasAliases: "Other names stand for it"
        case .hasOpenJobs: "Jobs that came under it are open, or have just ended. Try again"
        case .hasUsers:
            "The CRM has users of it, or a removal that came before its user. If the other name is unused, set that as an alias of this one"
        case .isMerging: "A merge of it, or of the tenant, is under way"
        case .tooMany: "The tenant has \(TenantAlias.mostOfTenant) aliases, the most it can have"
        }
    }
}
