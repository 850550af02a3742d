import HTTPTypes
import Hummingbird
import JobQueue
import Logging
import NIOCore
import ServiceLifecycle
import Settings
import SyncAPI
import SyncEngine
import SyncModel

/// What both kinds of submission have in common: admission, idempotency, and the answer.
struct Submission {
    enum Kind {
        case sync, removal
        /// A sync whose caller has a token.
        case versionTwo

        /// The route, however a request spells it: together with the tenant, the scope of an `Idempotency-Key`.
        var path: String {
            switch self {
            case .sync: Endpoint.submitUsers.path
            case .versionTwo: Endpoint.submitVersionTwo.path
            case .removal: Endpoint.removeUser.path
            }
        }
    }

    let dependencies: IntakeDependencies
    private(set) var headers: SubmissionHeaders
    /// How long the body may be.
    let limit: BodyLimit
    private let kind: Kind
    private var path: String { kind.path }
    /// Whose submissions the rate limit counts together; `nil` if it does not count this one, or not yet.
    private var counted: (address: String, tenantID: TenantID?)?
    private var ticket: SubmissionLimiter.Ticket?
    private let logger: Logger
    private let channel: any Channel
    private var claim: IdempotencyClaim?
    /// When the claim was made or last renewed.
    private var claimedAt = Timestamp(microseconds: 0)
    /// A body this small cannot be a submission; it may be the accessibility check, which needs no tenant and is not counted.
    private let mayBeCheck: Bool
    private let arrivedAt = ContinuousClock.now

    /// The longest body accepted without a tenant, as an accessibility check, in bytes.
    static let checkBytes = 1024

    /// Everything that is decided on the headers.
    /// - Throws: the early answers 400, 409, 413, 415, 429, 503.
    init(_ kind: Kind, _ request: Request, context: SyncRequestContext, dependencies: IntakeDependencies) async throws {
        self.dependencies = dependencies
        self.kind = kind
        (logger, channel) = (context.logger, context.channel)
        if dependencies.isDraining() { throw BodyReceiver.stopping }
        let settings = dependencies.settings
        var fields = request.headers
        // The token names the tenant: what a header says of it is ignored, however wrong.
        if kind == .versionTwo { fields[.tenantID] = nil }
        headers = try SubmissionHeaders(fields, requiresSource: kind == .sync && settings.requireSyncSource)
        if kind == .versionTwo { headers.caller(context.caller?.token) }
        mayBeCheck = kind != .removal && headers.contentLength.map { $0 <= 128 } ?? false
        if headers.tenantID == nil {
            limit = .withoutTenant(Submission.checkBytes)
        } else {
            limit = kind == .removal ? .removal(maxRequestBytes: settings.maxRequestBytes) : .setting(settings.maxRequestBytes)
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
            if !isReplay, !mayBeCheck { try await admit(context) }
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

    /// Asks the queue whether it takes more. One that it takes is counted once it is known not to be of version 2.
    private mutating func admit(_ context: SyncRequestContext) async throws {
        if case .refused(let reason, let retryAfter) = dependencies.queue.admission() {
            throw APIError.unavailable(reason, retryAfter: retryAfter)
        }
        guard kind == .sync else { return }
        var tenantID = headers.tenantID
        if let name = tenantID, dependencies.limiter.countsTenants {
            tenantID = try await dependencies.queue.tenant(named: name)
        }
        counted = (context.clientAddress, tenantID)
    }

    /// Whether the rate limit would refuse the submission unless it is of version 2: nothing may be spent on it until that is known.
    var isInDoubt: Bool { counted.map { dependencies.limiter.isFull(address: $0.address, tenantID: $0.tenantID) } ?? false }

    /// Applies the rate limit, which does not count version 2, as soon as it is known which body it is; called as it arrives.
    /// - Parameters:
    ///   - body: `nil` as long as it is not known.
    ///   - bytes: of it, so far.
    mutating func limit(_ body: SyncBody?, after bytes: Int) throws {
        guard let caller = counted, body != nil || bytes > Submission.doubtBytes else { return }
        counted = nil
        guard body != .version2 else { return }
        ticket = dependencies.limiter.count(address: caller.address, tenantID: caller.tenantID)
        if let ticket, ticket.isRefused { throw dependencies.limiter.refusal(ticket, logger: logger) }
    }

    /// How many bytes of a body are read to find out which it is.
    private static let doubtBytes = 64 << 10

    /// Admits a submission so small that it was at first taken for a check.
    /// - Parameter body: which body it was; not asked of a removal.
    mutating func admitLate(_ context: SyncRequestContext, _ body: SyncBody = .guide) async throws {
        if mayBeCheck { try await admit(context) }
        try limit(body, after: 0)
    }

    /// The request turned out not to be a submission: it does not count.
    mutating func forgive() {
        dependencies.limiter.forgive(ticket)
        ticket = nil
        counted = nil
    }

    /// Ends a submission that was not accepted: frees its key and, if the failure is the server's (503 or any
    /// unexpected error), does not count it.
    /// - Returns: the error for the caller.
    mutating func refused(_ error: any Error) async -> any Error {
        await release()
        let error: any Error =
            switch error {
            case let error as RequestReadError: APIError.unreadable(error)
            // Malformed chunks are the caller's mistake, as malformed JSON is. A connection that broke is not.
            case let error as BrokenBody: error.refusal.apiError
            default: error
            }
        switch error {
        case var error as APIError where error.status != .serviceUnavailable:
            // Refused before it was known which body it is: it counts as the guide's.
            do { try limit(.guide, after: 0) } catch { return error }
            if let ticket, !ticket.isRefused { error.headers.append(contentsOf: ticket.headers) }
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

    /// The tenant of a sync: the one the token names, which the body must name too; or the one the header names, which the guide's
    /// body must name too.
    func tenant(of envelope: SyncEnvelope) throws -> TenantID {
        guard kind == .versionTwo else {
            guard envelope.mode == nil else { return try agreedTenant(headers.tenantID ?? "") }
            return try agreedTenant(envelope.tenantID)
        }
        guard let tenantID = headers.tenantID, tenantID.text.utf8.isSecretlyEqual(to: envelope.tenantID.text.utf8) else {
            throw APIError(.forbidden, "Forbidden", details: .text("orgCode must be equal to the token's org_code"))
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

    /// 202 for an accepted job, or its result if the caller waits and it ends in time.
    /// - Parameter mode: of version 2, whose callers are answered in its own form.
    func answer(waitingFor job: Job, mode: SyncMode? = nil) async throws -> Response {
        guard let seconds = secondsToWait else { return answer(for: job) }
        var response: Response
        if let ended = await ended(job.id, within: seconds) {
            response = try await result(of: ended, mode: mode)
        } else {
            response = answer(for: try await dependencies.queue.job(job.id) ?? job)
        }
        if let wait = headers.wait { response.headers[.preferenceApplied] = "wait=\(wait)" }
        return response
    }

    /// Waits until the job has ended; `nil` if it has not in time, or if the wait ends at once since the process stops or the connection
    /// must make room for another.
    private func ended(_ id: JobID, within seconds: Double) async -> Job? {
        let engine = dependencies.engine
        let (leaves, leave) = AsyncStream.makeStream(of: Never.self)
        channel.triggerUserOutboundEvent(WaitEvent { leave.finish() }, promise: nil)
        return await cancelWhenGracefulShutdown {
            await withTaskGroup { group in
                group.addTask { await engine.ended(id, within: seconds) }
                group.addTask {
                    for await _ in leaves {}
                    return nil
                }
                defer { group.cancelAll() }
                return await group.next() ?? nil
            }
        }
    }

    /// As long as the caller asks for. The callers of version 2 cannot ask, and give up 30 s after they began to send.
    private var secondsToWait: Double? {
        if let wait = headers.wait { return Double(wait) }
        guard kind == .versionTwo else { return nil }
        let left = .seconds(dependencies.settings.wrapperWait) - (ContinuousClock.now - arrivedAt)
        return left > .zero ? left / .seconds(1) : nil
    }

    private func result(of job: Job, mode: SyncMode?) async throws -> Response {
        guard kind == .versionTwo, let mode else {
            return .json(headers: ticket?.headers ?? [:], bytes: try await views.result(of: job).json)
        }
        return .json(
            VersionTwoResultDocument.isFailure(job) ? .unprocessableContent : .ok,
            document: try await views.versionTwoResult(of: job, mode: mode))
    }

    private func answer(for job: Job) -> Response { .acknowledgement(of: job, headers: ticket?.headers ?? [:]) }

    private var views: JobViews {
        JobViews(
            queue: dependencies.queue, links: JobLinks(publicURL: dependencies.settings.publicURL), clock: dependencies.clock)
    }
}
