import HTTPTypes
package import Hummingbird
package import JobQueue
import SyncAPI
package import SyncEngine
package import SyncModel

/// Making two tenants one.
package struct MergesController: Sendable {
    private let queue: any TenantNaming & TenantMerging & AliasControl
    private let engine: any EngineControl
    private let clock: WallClock
    /// `TENANT_ALIASES`.
    private let mode: TenantAliases
    /// Whether the directory has users of a tenant; `nil` if it cannot say now.
    private let hasUsers: @Sendable (TenantID) async -> Bool?

    package init(
        queue: any TenantNaming & TenantMerging & AliasControl, engine: any EngineControl, clock: WallClock, mode: TenantAliases,
        hasUsers: @escaping @Sendable (TenantID) async -> Bool?
    ) {
        self.hasUsers = hasUsers
        self.queue = queue
        self.engine = engine
        self.clock = clock
        self.mode = mode
    }

    package func addRoutes(to router: some RouterMethods<SyncRequestContext>) {
        router.on(.merges, use: list)
        router.on(.previewMerge, use: preview)
        router.on(.beginMerge, use: begin)
        router.on(.merge, use: show)
        router.on(.cancelMerge, use: cancel)
    }

    @Sendable private func list(_ request: Request, _ context: SyncRequestContext) async throws -> Response {
        let query = QueryParameters(request.uri.query)
        let limit = try query.integer("limit", in: PageLimit.list.range, default: PageLimit.list.standard)
        let cursor = try query.cursor()
        let page = try await reportingBadCursor { try await queue.merges(limit: limit, cursor: cursor) }
        return .json(document: PageDocument(page, element: MergeDocument.init))
    }

    @Sendable private func preview(_ request: Request, _ context: SyncRequestContext) async throws -> Response {
        let (alias, tenant) = try names(request)
        let (from, to) = (try await queue.tenant(named: alias), try await queue.tenant(named: tenant))
        guard from != to else { throw refused("Both are names of \(to)") }
        try await expectUse(of: [from, to])
        guard let users = await engine.previewMerge(of: from, into: to) else {
            throw APIError.unavailable("The CRM's database cannot say what the merge would do", retryAfter: 5)
        }
        return .json(document: MergePreviewDocument(alias: from, tenantID: to, users: users))
    }

    @Sendable private func begin(_ request: Request, _ context: SyncRequestContext) async throws -> Response {
        let (alias, tenant) = try names(request)
        if mode == .off { throw refused("TENANT_ALIASES is off: no name is an alias") }
        let (from, to) = (try await queue.tenant(named: alias), try await queue.tenant(named: tenant))
        if from != to { try await expectUse(of: [from, to]) }
        let action = OperatorAction("merge tenants", alias: alias)
        switch try await engine.beginMerge(of: alias, into: tenant) {
        case .begun(let merge):
            action.log("accepted: \(merge.id) of \(merge.alias) into \(merge.tenantID)", context)
            return accepted("\(merge.alias) is being made an alias of \(merge.tenantID)", merge)
        case .present(let merge):
            action.log("known", context)
            return accepted("\(merge.alias) was being made an alias of \(merge.tenantID) before", merge)
        case .areOne(let tenantID):
            action.log("known", context)
            return .json(document: MergeAnswerDocument(message: "Both are names of \(tenantID)", merge: nil))
        case .refused(let refusal):
            action.log("refused", context)
            throw refused(Self.sentence(refusal))
        }
    }

    @Sendable private func show(_ request: Request, _ context: SyncRequestContext) async throws -> Response {
        guard let merge = try await queue.merge(try id(of: context)) else { throw APIError.notFound("Merge") }
        return .json(document: MergeDocument(merge))
    }

    @Sendable private func cancel(_ request: Request, _ context: SyncRequestContext) async throws -> Response {
        let id = try id(of: context)
        guard let merge = try await queue.cancelMerge(id, now: clock.now()) else { throw APIError.notFound("Merge") }
        let action = OperatorAction("cancel merge", alias: merge.alias)
        guard merge.state == .cancelled else {
            action.log("refused: \(merge.state)", context)
            throw APIError(
                .conflict, "The merge cannot be cancelled",
                details: .text("It is \(merge.state). Only one that waits for jobs can be cancelled"))
        }
        action.log("accepted", context)
        return .json(
            document: MergeAnswerDocument(
                message: "The merge is cancelled; nothing was changed", merge: MergeDocument(merge)))
    }

    /// Users must not go to a name that is misspelt.
    private func expectUse(of tenants: [TenantID]) async throws {
        for tenantID in tenants where try await !queue.hasJobs(tenantID) {
            guard let hasUsers = await hasUsers(tenantID) else {
                throw APIError.unavailable("The CRM's database cannot say whether it has users of the tenants", retryAfter: 5)
            }
            if !hasUsers {
                throw refused("No job and no user of \(tenantID) is known: it may be misspelt. An unused name can be set")
            }
        }
    }

    private func names(_ request: Request) throws(APIError) -> (alias: TenantID, tenant: TenantID) {
        let query = QueryParameters(request.uri.query)
        try query.expectOnly("alias", "tenantId")
        return (try query.tenantID("alias"), try query.tenantID("tenantId"))
    }

    /// Anything that is not an id names no merge: 404.
    private func id(of context: SyncRequestContext) throws(APIError) -> Int64 {
        guard let id = context.parameters.get("id").flatMap({ Int64($0) }), id > 0 else { throw .notFound("Merge") }
        return id
    }

    private func accepted(_ message: String, _ merge: TenantMerge) -> Response {
        .json(
            .accepted, headers: [.location: Endpoint.merge.path(of: "\(merge.id)")],
            document: MergeAnswerDocument(message: message, merge: MergeDocument(merge)))
    }

    private func refused(_ details: String) -> APIError {
        APIError(.conflict, "The tenants cannot be merged", details: .text(details))
    }

    private static func sentence(_ refusal: MergeStart.Refusal) -> String {
        switch refusal {
        case .isMerging(let other): "\(other.alias) is being merged into \(other.tenantID). Let that end, or cancel it, first"
        case .tooManyAliases: "Together they would have more than \(TenantAlias.mostOfTenant) aliases"
        case .tooManyMerges: "\(TenantMerge.mostOpen) merges are under way. Let one of them end first"
        }
    }
}
