import GRDB
package import JobQueue
package import SyncModel
import Synchronization

extension SQLiteJobQueue {
    // MARK: Idempotency

    package func claim(tenantID: TenantID, path: String, key: String, now: Timestamp) async throws -> IdempotencyClaim {
        let tenantID = try await tenant(named: tenantID)
        guard let claim = claims.withLock({ $0.claim(tenantID, path, key) }) else {
            // Whoever holds the claim may itself be about to find that the key is known.
            return try known(tenantID, path, key, now: now) ?? .arriving
        }
        do {
            // Claim first, then read: that way a request that recorded the key meanwhile is seen.
            guard let known = try known(tenantID, path, key, now: now) else { return .claimed(claim) }
            forget(claim)
            return known
        } catch {
            forget(claim)
            throw error
        }
    }

    private func known(_ tenantID: TenantID, _ path: String, _ key: String, now: Timestamp) throws -> IdempotencyClaim? {
        try readNow { try IdempotencyRow.find(tenantID, path, key, now: now, $0) }
            .map { .known(job: $0.jobID, bodyHash: $0.bodyHash) }
    }

    package func releaseClaim(_ claim: KeyClaim) async { forget(claim) }

    private func forget(_ claim: KeyClaim) { claims.withLock { $0.end(claim) } }

    // MARK: Admission

    package func admission() -> Admission { gate.admission(pendingUsers: writer.currentTotals.pendingUsers) }

    package var isWritable: Bool { gate.isWritable }

    // MARK: Uploads

    package func openUpload() async throws -> UploadID { UploadID(value: nextNumber()) }

    package func openUpload(expecting bytes: Int64) async throws -> UploadID {
        let upload = UploadID(value: nextNumber())
        try gate.setAside(min(bytes, 1 << 52), for: upload, pendingUsers: writer.currentTotals.pendingUsers)
        return upload
    }

    /// Reserves room for further batches of an upload; if there is none, tries once more after emptying the log.
    private func expectRoom(for batches: [NewBatch], of upload: UploadID) async throws {
        let bytes = batches.reduce(Int64(0)) { $0 + Int64($1.payload.bytes.count) }
        let users = batches.reduce(0) { $0 + $1.payload.count }
        let pending = writer.currentTotals.pendingUsers
        guard gate.append(bytes, users: users, to: upload, pendingUsers: pending) != nil else { return }
        await emptyLog()
        if let reason = gate.append(bytes, users: users, to: upload, pendingUsers: pending) { throw QueueError.full(reason) }
    }

    package func append(_ batches: [NewBatch], to upload: UploadID) async throws {
        guard !batches.isEmpty else { return }
        try await expectRoom(for: batches, of: upload)
        try await writer.write { context in
            let present = try OrphanRow.find(upload.value, context.db)
            let users = try BatchRows.insert(batches, key: upload.value, from: present?.batches ?? 0, in: context)
            try OrphanRow.add(upload.value, batches: batches.count, users: users, context.db)
        }
    }

    package func discard(_ upload: UploadID) async {
        await sweepOrOwe([upload.value])
        gate.settle(upload)
    }

    // MARK: Acceptance

    package func accept(_ job: NewJob, upload: UploadID?, batches: [NewBatch]) async throws -> Job {
        if let upload {
            gate.end(upload)
            try await expectRoom(for: batches, of: upload)
        }
        // What is left of an upload may be 2 MiB.
        return try await writer.write(isShort: upload == nil) { [self] context in
            try accept(job, upload: upload, batches: batches, in: context)
        }
    }

    // In the order of the commits: what is accepted counts before a worker can have finished it.

    /// So many bytes of users are no longer pending, once the operation is committed.
    func unpend(bytes: Int64, in context: WriteContext) {
        context.afterCommit { [self] in gate.unpend(bytes: bytes, leaving: writer.currentTotals.pendingUsers) }
    }

    /// The same of users of whom nothing is known but their number.
    func unpend(_ users: Int, in context: WriteContext) {
        context.afterCommit { [self] in gate.unpend(users: users, leaving: writer.currentTotals.pendingUsers) }
    }

    /// Creates a job inside a transaction. The observer is notified after the commit.
    func accept(_ job: NewJob, upload: UploadID?, batches: [NewBatch], in context: WriteContext) throws -> Job {
        let seq = nextNumber()
        let key = upload?.value ?? seq
        let uploaded = try upload.flatMap { try OrphanRow.find($0.value, context.db) }
        if uploaded != nil { try OrphanRow.remove(key, context.db) }
        let before = uploaded?.batches ?? 0
        let users = try (uploaded?.users ?? 0) + BatchRows.insert(batches, key: key, from: before, in: context)
        guard users == job.totalUsers else {
            throw QueueError.refused("The job names \(job.totalUsers) users, its batches hold \(users)")
        }
        let names = try decide(on: job, in: context)
        var job = job
        if let warning = names.warning { job.warnings.append(warning) }
        let isHeld = isMerging(names.tenantID)
        let accepted = try JobRow.insert(
            job, of: names.tenantID, at: nextAcceptance(at: job.acceptedAt), seq: seq, batchKey: key,
            batches: before + batches.count, isHeld: isHeld, in: context)
        if let idempotency = job.idempotency {
            guard claims.withLock({ $0.holds(idempotency.claim) }) else { throw QueueError.claimLost }
            // By the clock, even if the job had to be accepted ahead of it: the key's day begins now.
            try IdempotencyRow.record(
                idempotency, of: names.tenantID, job: job.id, at: job.acceptedAt, context.db)
        }
        if let ids = job.carriedIDs {
            carriedIDs.withLock { known in if known.count < Self.mostCarriedIDs { known[job.id] = ids } }
            context.onRollback { [self] in carriedIDs.withLock { $0[job.id] = nil } }
        }
        context.count { $0[.queued] += 1 }
        context.backlog(names.tenantID, openJobs: 1, pendingUsers: users)
        let bytes = batches.reduce(Int64(0)) { $0 + Int64($1.payload.bytes.count) }
        context.afterCommit { [self, job] in
            if let upload { gate.accepted(upload) } else { gate.pend(bytes) }
            if let claim = job.idempotency?.claim { forget(claim) }
            if isHeld { return }
            if accepted.batches > 0 {
                tenantQueue { $0.setWork(names.tenantID, true) }
            } else {
                notify { $0.jobWaiting() }
            }
        }
        return accepted
    }
}
