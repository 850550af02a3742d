import HTTPTypes
import Hummingbird
import JobQueue
import ServiceLifecycle
import Settings
import SyncAPI
import SyncEngine
import SyncModel

/// What both kinds of submission have in common: admission, idempotency, and the answer.
struct Submission {
    enum Kind {
        case sync, removal

        /// The route, however a request spells it: together with the tenant, the scope of an `Idempotency-Key`.
        var path: String {
            switch self {
            case .sync: Endpoint.submitUsers.path
            case .removal: Endpoint.removeUser.path
            }
        }
    }

    let dependencies: IntakeDependencies
    let headers: SubmissionHeaders
    /// How long the body may be.
    let limit: BodyLimit
    private let kind: Kind
    private var path: String { kind.path }
    private var ticket: SubmissionLimiter.Ticket?
    private var claim: IdempotencyClaim?
    /// When the claim was made or last renewed.
    private var claimedAt = Timestamp(microseconds: 0)
    /// A body this small cannot be a submission; it may be the accessibility check, which needs no tenant and is not counted.
    private let mayBeCheck: Bool

    /// The longest body accepted without a tenant, as an accessibility check, in bytes.
    static let checkBytes = 1024

    /// Everything that is decided on the headers.
    /// - Throws: the early answers 400, 409, 413, 415, 429, 503.
    init(_ kind: Kind, _ request: Request, context: SyncRequestContext, dependencies: IntakeDependencies) async throws {
        self.dependencies = dependencies
        self.kind = kind
        if dependencies.isDraining() { throw BodyReceiver.stopping }
        let settings = dependencies.settings
        headers = try SubmissionHeaders(request.headers, requiresSource: kind == .sync && settings.requireSyncSource)
        mayBeCheck = kind == .sync && headers.contentLength.map { $0 <= 128 } ?? false
        if headers.tenantID == nil {
            limit = .withoutTenant(Submission.checkBytes)
        } else {
            limit = kind == .sync ? .setting(settings.maxRequestBytes) : .removal(maxRequestBytes: settings.maxRequestBytes)
        }
        if let contentLength = headers.contentLength { try limit.check(contentLength) }
        if let key = headers.idempotencyKey, let tenantID = headers.tenantID {
            claimedAt = dependencies.queue.clock.now()
            let claim = try await dependencies.queue.claim(tenantID: tenantID, path: path, key: key, now: claimedAt)
            if claim == .arriving {
                throw APIError(
                    .conflict, "Conflict", details: .text("The first request with this Idempotency-Key is still arriving"),
                    headers: [.retryAfter: "1"], closesConnection: true)
            }
            self.claim = claim
        }
        do {
            if !isReplay, !mayBeCheck { try admit(context) }
        } catch {
            await release()
            throw error
        }
    }

    /// Whether a job was already accepted under the `Idempotency-Key`: the body then only has to be compared.
    var isReplay: Bool { if case .known = claim { true } else { false } }

    /// The size of the inflated body as far as the headers tell, in bytes; 0 if they do not.
    var expectedBytes: Int {
        let length = headers.contentLength ?? 0
        return headers.isGzip ? min(length, limit.bytes / Submission.usualInflation) * Submission.usualInflation : length
    }

    /// Gzip packs users to about an eighth.
    private static let usualInflation = 8

    /// Asks the queue whether it takes more, then counts the submission: one that the queue refuses does not count.
    private mutating func admit(_ context: SyncRequestContext) throws {
        if case .refused(let reason, let retryAfter) = dependencies.queue.admission() {
            throw APIError.unavailable(reason, retryAfter: retryAfter)
        }
        guard kind == .sync, ticket == nil else { return }
        ticket = try dependencies.limiter.admit(
            address: context.clientAddress, tenantID: headers.tenantID, logger: context.logger)
    }

    /// Admits a submission so small that it was at first taken for a check.
    mutating func admitLate(_ context: SyncRequestContext) throws {
        if mayBeCheck { try admit(context) }
    }

    /// The request turned out not to be a submission: it does not count.
    mutating func forgive() {
        dependencies.limiter.forgive(ticket)
        ticket = nil
    }

    /// Ends a submission that was not accepted: frees its key and, if the failure is the server's (503 or any
    /// unexpected error), does not count it.
    /// - Returns: the error for the caller.
    mutating func refused(_ error: any Error) async -> any Error {
        await release()
        let error = (error as? RequestReadError).map { APIError.unreadable($0) } ?? error
        switch error {
        case let error as APIError where error.status != .serviceUnavailable:
            var error = error
            if let ticket { error.headers.append(contentsOf: ticket.headers) }
            return error
        default:
            forgive()
            return error
        }
    }

    /// Frees the `Idempotency-Key` of a request that was not accepted.
    func release() async {
        if case .claimed(let claim) = claim { await dependencies.queue.releaseClaim(claim) }
    }

    /// Keeps the `Idempotency-Key` claimed while the body arrives; called between its chunks.
    mutating func keepClaim() async throws {
        guard case .claimed(let claim) = claim else { return }
        let now = dependencies.queue.clock.now()
        guard now.seconds(since: claimedAt) >= Self.claimRenewal else { return }
        try await dependencies.queue.renewClaim(claim, now: now)
        claimedAt = now
    }

    /// Seconds between two renewals of a claim; a chunk comes at least once a minute.
    private static let claimRenewal = 10.0

    /// The tenant the headers and the body agree on.
    func agreedTenant(_ bodyTenantID: TenantID) throws -> TenantID {
        guard let tenantID = headers.tenantID else { throw APIError.badRequest("Header X-Tenant-ID is required") }
        guard tenantID == bodyTenantID else {
            throw APIError.violation(["tenant", "id"], "\"tenant.id\" must be equal to X-Tenant-ID", "any.only")
        }
        return tenantID
    }

    /// The time that the request names, if any.
    func named(_ named: Timestamp?, path: [String], at now: Timestamp) throws -> Timestamp? {
        guard let named else { return nil }
        guard !named.isAhead(of: now) else {
            throw APIError.violation(
                path, "\"\(path.joined(separator: "."))\" must be less than 5 minutes ahead of the server's clock", "date.max")
        }
        return named
    }

    /// The idempotency record for the job about to be accepted.
    func idempotency(bodyHash: [UInt8]) -> NewJob.Idempotency? {
        guard case .claimed(let claim) = claim else { return nil }
        return NewJob.Idempotency(claim: claim, bodyHash: bodyHash)
    }

    /// The answer to a request with a known key: the job's present state, or 422 if the body differs.
    mutating func replay(bodyHash: [UInt8]) async throws -> Response {
        guard case .known(let id, let knownHash) = claim else { throw APIError.notFound("Job") }
        guard knownHash == bodyHash else {
            throw APIError(
                .unprocessableContent, "Unprocessable Content",
                details: .text("This Idempotency-Key was used with another body"))
        }
        guard let job = try await dependencies.queue.job(id) else { throw APIError.notFound("Job") }
        var answer = answer(for: job)
        answer.headers[.idempotentReplayed] = "true"
        return answer
    }

    /// 202 for an accepted job, or 200 with its result if the caller waits and it ends in time.
    func answer(waitingFor job: Job) async throws -> Response {
        guard let wait = headers.wait else { return answer(for: job) }
        let engine = dependencies.engine
        // If the process stops, the wait ends at once and the answer is the 202.
        let waited = await cancelWhenGracefulShutdown { await engine.ended(job.id, within: Double(wait)) }
        var response: Response
        if let ended = waited {
            response = .json(headers: ticket?.headers ?? [:], bytes: try await views.result(of: ended).json)
        } else {
            response = answer(for: try await dependencies.queue.job(job.id) ?? job)
        }
        response.headers[.preferenceApplied] = "wait=\(wait)"
        return response
    }

    private func answer(for job: Job) -> Response { .acknowledgement(of: job, headers: ticket?.headers ?? [:]) }

    private var views: JobViews {
        JobViews(
            queue: dependencies.queue, links: JobLinks(publicURL: dependencies.settings.publicURL), clock: dependencies.clock)
    }
}
