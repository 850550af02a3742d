package import Hummingbird
import JobQueue
import Logging
import NIOCore
import SyncAPI
import SyncModel

/// Accepts jobs: `POST …/sync/users`, `POST …/users/sync` and `POST …/remove-user`.
package struct IntakeController: Sendable {
    let dependencies: IntakeDependencies

    package init(_ dependencies: IntakeDependencies) { self.dependencies = dependencies }

    package func addRoutes(to router: some RouterMethods<SyncRequestContext>) {
        router.on(.submitUsers) { try await sync(.sync, $0, $1) }
        router.on(.submitVersionTwo) { try await sync(.versionTwo, $0, $1) }
        router.on(.removeUser, use: remove)
    }

    // MARK: A sync

    private func sync(_ kind: Submission.Kind, _ request: Request, _ context: SyncRequestContext) async throws -> Response {
        var submission = try await Submission(kind, request, context: context, dependencies: dependencies)
        if submission.isReplay { return try await replay(&submission, request, context) }
        let session = UploadSession(dependencies, body: kind == .versionTwo ? .version2 : nil)
        do {
            if !submission.isInDoubt { try await session.expect(submission.expectedBytes) }
            var receiver = receiver(for: submission)
            try await receiver.receive(request.body, channel: context.channel) {
                try session.take($0)
                try submission.limit(session.body, after: session.received)
            } pause: {
                try await session.flush()
                try await submission.keepClaim()
            }
            switch try await session.finish() {
            case .connectionTest:
                guard session.received <= Submission.checkBytes else {
                    throw APIError.badRequest("An accessibility check has at most \(Submission.checkBytes) bytes")
                }
                await session.discard()
                submission.forgive()
                await submission.release()
                return connectionOK()
            case .refused(let violations):
                // Short as it was, it was not the check.
                try await submission.admitLate(context, session.body ?? .guide)
                throw APIError.refused(violations)
            case .sync(let envelope):
                try await submission.admitLate(context, session.body ?? .guide)
                let job = try job(envelope, submission, receiver.bodyHash, context)
                let accepted = try await session.accept(try await dependencies.withKnownUsers(job))
                note(accepted, context)
                return try await submission.answer(waitingFor: accepted, mode: envelope.mode)
            }
        } catch {
            await session.discard()
            // What it refuses may come to light before it is asked which body it is.
            if session.body == .version2 { submission.forgive() }
            throw await submission.refused(error)
        }
    }

    private func job(
        _ envelope: SyncEnvelope, _ submission: Submission, _ bodyHash: [UInt8], _ context: SyncRequestContext
    ) throws -> NewJob {
        let now = dependencies.queue.clock.now()
        var warnings = envelope.warnings
        if submission.headers.source == nil { warnings.append("Header X-Sync-Source is absent; recorded as \"unknown\"") }
        if let url = envelope.callbackURL, let problem = dependencies.callbackProblem(url) {
            throw APIError.violation(["metadata", "callbackUrl"], "\"metadata.callbackUrl\" \(problem)", "any.invalid")
        }
        var job = NewJob(
            id: JobID(now: now), operation: .userSync, tenantID: try submission.tenant(of: envelope),
            tenantName: envelope.tenantName, source: submission.headers.source ?? "unknown",
            syncTime: try submission.named(envelope.syncTime, path: ["metadata", "syncTime"], at: now), acceptedAt: now,
            totalUsers: envelope.totalUsers, requestID: context.requestID, warnings: Array(warnings.prefix(20)))
        // In version 2, where the header names the tenant, `orgCode` is another name of it.
        job.otherTenantIDs = envelope.mode == nil ? envelope.otherTenantIDs : [envelope.tenantID]
        job.callbackURL = envelope.callbackURL
        job.traceparent = submission.headers.trace?.stored
        job.syncType = envelope.syncType
        job.idempotency = submission.idempotency(bodyHash: bodyHash)
        return job
    }

    /// The integration guide's accessibility check: nothing is queued.
    private func connectionOK() -> Response { .json(document: ConnectionDocument(at: dependencies.clock.now())) }

    // MARK: A removal

    @Sendable private func remove(_ request: Request, _ context: SyncRequestContext) async throws -> Response {
        var submission = try await Submission(.removal, request, context: context, dependencies: dependencies)
        if submission.isReplay { return try await replay(&submission, request, context) }
        do {
            var reader = RemovalRequestReader()
            var receiver = receiver(for: submission)
            try await receiver.receive(request.body, channel: context.channel, take: { try reader.feed($0) }) {
                try await submission.keepClaim()
            }
            guard case .removal(let envelope) = try readToEnd(&reader) else { throw APIError.notFound("Removal") }
            try await submission.admitLate(context)
            let job = try job(envelope, submission, receiver.bodyHash, context)
            let batch = NewBatch(payload: envelope.payload, firstIndex: 0, lastIndex: 0)
            let accepted = try await dependencies.queue.accept(job, upload: nil, batches: [batch])
            note(accepted, context)
            return try await submission.answer(waitingFor: accepted)
        } catch {
            throw await submission.refused(error)
        }
    }

    private func readToEnd(_ reader: inout RemovalRequestReader) throws -> RemovalRequestOutcome {
        let outcome = try reader.finish()
        if case .refused(let violations) = outcome { throw APIError.refused(violations) }
        return outcome
    }

    private func job(
        _ envelope: RemovalEnvelope, _ submission: Submission, _ bodyHash: [UInt8], _ context: SyncRequestContext
    ) throws -> NewJob {
        let now = dependencies.queue.clock.now()
        var job = NewJob(
            id: JobID(now: now), operation: .userRemoval, tenantID: try submission.agreedTenant(envelope.tenantID),
            tenantName: envelope.tenantName, source: submission.headers.source ?? "unknown",
            syncTime: try submission.named(envelope.removedAt, path: ["removedAt"], at: now), acceptedAt: now,
            totalUsers: 1, requestID: context.requestID, warnings: envelope.warnings)
        job.reason = envelope.reason
        job.traceparent = submission.headers.trace?.stored
        job.idempotency = submission.idempotency(bodyHash: bodyHash)
        return job
    }

    // MARK: Both

    private func receiver(for submission: Submission) -> BodyReceiver {
        BodyReceiver(
            limit: submission.limit, isGzip: submission.headers.isGzip, hashes: submission.headers.idempotencyKey != nil)
    }

    /// If the key is known, the body is only hashed, not parsed: the same bytes say the same thing.
    private func replay(_ submission: inout Submission, _ request: Request, _ context: SyncRequestContext) async throws
        -> Response
    {
        var receiver = BodyReceiver(limit: submission.limit, isGzip: submission.headers.isGzip, hashes: true)
        try await receiver.receive(request.body, channel: context.channel, take: { _ in }, pause: {})
        return try await submission.replay(bodyHash: receiver.bodyHash)
    }

    /// The integration guide's log line, one per request.
    private func note(_ job: Job, _ context: SyncRequestContext) {
        var metadata: Logger.Metadata = [
            "job": .string(job.id.text), "tenant": .string(job.tenantID.text), "userCount": .stringConvertible(job.totalUsers),
            "operation": .string(job.operation.rawValue), "source": .string(job.source),
        ]
        if job.sentTenantID != job.tenantID { metadata["sentTenant"] = .string(job.sentTenantID.text) }
        context.logger.info("sync request", metadata: metadata)
    }
}
