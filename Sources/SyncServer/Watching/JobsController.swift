package import Hummingbird
package import JobQueue
import SyncAPI
package import SyncEngine
import SyncModel

/// Inspecting and controlling jobs.
package struct JobsController: Sendable {
    let queue: any JobInspection
    let engine: any EngineControl
    let views: JobViews

    package init(queue: any JobInspection, engine: any EngineControl, views: JobViews) {
        self.queue = queue
        self.engine = engine
        self.views = views
    }

    package func addRoutes(to router: some RouterMethods<SyncRequestContext>) {
        router.on(.jobs, use: list)
        router.on(.job, use: show)
        router.on(.results, use: results)
        router.on(.retryJob, use: retry)
        router.on(.cancelJob, use: cancel)
    }

    @Sendable func list(_ request: Request, _ context: SyncRequestContext) async throws -> Response {
        let query = QueryParameters(request.uri.query)
        var filter = JobFilter()
        filter.state = try query.word("status", as: JobState.self)
        filter.tenantID = try query.text("tenantId").map { TenantID($0) }
        filter.source = try query.text("source")
        filter.since = try query.time("since")
        filter.until = try query.time("until")
        let limit = try query.integer("limit", in: PageLimit.list.range, default: PageLimit.list.standard)
        let cursor = try query.cursor()
        let page = try await reportingBadCursor { try await queue.jobs(filter, limit: limit, cursor: cursor) }
        let now = views.clock.now()
        return .json(document: PageDocument(page) { JobSummaryDocument(job: $0, now: now) })
    }

    @Sendable func show(_ request: Request, _ context: SyncRequestContext) async throws -> Response {
        let job = try await job(of: context)
        return .json(document: try await views.document(of: job))
    }

    /// 202 and a linked job of the failed users only; the same job again while it is open.
    @Sendable func retry(_ request: Request, _ context: SyncRequestContext) async throws -> Response {
        let id = try jobID(of: context)
        let action = OperatorAction("retry", jobID: id)
        switch try await engine.retryFailed(of: id, requestID: context.requestID) {
        case .linked(let job, let existing):
            action.log(existing ? "already linked to job \(job.id)" : "accepted as job \(job.id)", context)
            return .acknowledgement(of: job)
        case .unknown:
            action.log("refused: unknown", context)
            throw APIError.notFound("Job")
        case .open(let job):
            action.log("refused: \(job.state.rawValue)", context)
            throw APIError(
                .conflict, "The job is still open",
                details: .text("The job is \(job.state.rawValue). Its failed users can be retried once it has ended"))
        case .nothingFailed:
            action.log("refused: nothing failed", context)
            throw APIError(
                .conflict, "There is nothing to retry",
                details: .text("No user of the job failed, or their data is past its retention"))
        }
    }

    /// 200 and the job: batches not started are dropped, what was committed stays.
    @Sendable func cancel(_ request: Request, _ context: SyncRequestContext) async throws -> Response {
        let id = try jobID(of: context)
        let action = OperatorAction("cancel", jobID: id)
        switch try await engine.cancel(id) {
        case .requested(let job):
            action.log("accepted", context)
            return .json(document: try await views.document(of: job))
        case .unknown:
            action.log("refused: unknown", context)
            throw APIError.notFound("Job")
        case .ended(let job):
            action.log("refused: \(job.state.rawValue)", context)
            throw APIError(
                .conflict, "The job has ended",
                details: .text("The job is \(job.state.rawValue). What was applied cannot be cancelled"))
        }
    }

    /// The id in the path. Anything that is not an id names no job: 404.
    func jobID(of context: SyncRequestContext) throws(APIError) -> JobID {
        guard let id = context.parameters.get("id").flatMap({ JobID($0) }) else { throw .notFound("Job") }
        return id
    }

    func job(of context: SyncRequestContext) async throws -> Job {
        guard let job = try await queue.job(try jobID(of: context)) else { throw APIError.notFound("Job") }
        return job
    }
}

/// A cursor that the queue did not issue is the caller's mistake.
func reportingBadCursor<Item>(_ fetch: () async throws -> Page<Item>) async throws -> Page<Item> {
    do {
        return try await fetch()
    } catch QueueError.badCursor {
        throw APIError.badRequest("Query parameter \"cursor\" must be the nextCursor of an answer before")
    }
}
