import GRDB
package import JobQueue
import SQLiteSupport
package import SyncModel
import Synchronization

/// A tenant's jobs run in the order accepted (`seq`), a job's batches by number: one job of a tenant at a time (or several
/// consecutive small ones), and one set of leased batches at a time, unless `unlock` reports that the previous one is committed.
extension SQLiteJobQueue {
    package func readyTenants(now: Timestamp, limit: Int) async throws -> [TenantID] {
        tenantQueue { $0.ready(now: now, limit: limit) }
    }

    package func nextRetry() async throws -> Timestamp? { tenantQueue { $0.nextRetry } }

    package func lease(_ request: LeaseRequest, now: Timestamp) async throws -> [LeasedBatch] {
        guard request.batches > 0, request.tenants > 0 else { return [] }
        let call = tenantQueue { $0.calls.begin() }
        do {
            let leased = try await lease(request, now: now, by: call)
            tenantQueue { _ = $0.calls.end(call) }
            return withCarriedIDs(leased)
        } catch {
            // Also what a commit took that was refused afterwards, since the file is no longer in its place.
            await release(tenantQueue { $0.calls.end(call) })
            throw error
        }
    }

    /// Most leases need no write, since they live in memory: those take effect once they are read, on the calling thread. The
    /// others are left to the writer.
    private func lease(_ request: LeaseRequest, now: Timestamp, by call: LeaseCall) async throws -> [LeasedBatch] {
        let (read, left) = try leaseByReading(request, now: now, by: call)
        guard !left.isEmpty else { return read }
        do {
            return try await read + lease(left, now: now, by: call)
        } catch QueueError.damaged(let text), QueueError.refused(let text) {
            // What is wrong with one tenant's rows keeps no other from its own.
            var leased = read
            for share in left {
                do {
                    leased += try await lease([share], now: now, by: call)
                } catch QueueError.damaged, QueueError.refused {}
            }
            guard !leased.isEmpty else { throw QueueError.damaged(text) }
            return leased
        }
    }

    private func lease(_ shares: [Share], now: Timestamp, by call: LeaseCall) async throws -> [LeasedBatch] {
        try await writer.write { [self] context in try shares.flatMap { try lease($0, now: now, by: call, in: context) } }
    }

    private func withCarriedIDs(_ batches: [LeasedBatch]) -> [LeasedBatch] {
        let known = carriedIDs.withLock { $0 }
        guard !known.isEmpty else { return batches }
        return batches.map { batch in
            var batch = batch
            batch.carriedIDs = known[batch.jobID]
            return batch
        }
    }

    package func unlock(_ leases: [LeaseID]) async { tenantQueue { $0.unlock(leases) } }

    package func release(_ leases: [LeaseID]) async {
        // A batch that a job being cancelled gives back must be dropped: it is never leased again.
        let isCancelled = tenantQueue { tenants in
            let cancelled = leases.contains { tenants.isCancelling($0) }
            tenants.release(leases)
            return cancelled
        }
        if isCancelled { notify { $0.jobWaiting() } }
    }

    // MARK: What one tenant gets

    /// One tenant's share of the request.
    private struct Share {
        var tenantID: TenantID
        var batches: Int
        var smallJobs: Int
    }

    /// What is available of it: batches of a job, or of consecutive small ones. Empty: nothing for now.
    private struct Found {
        var job: HeadJob
        var batches: [OpenBatch]
        /// Batches of the previous commit group, applied and not finished yet.
        var outstanding: Int
        /// Small jobs after it.
        var followers: [(job: HeadJob, batch: OpenBatch)] = []

        var jobs: [HeadJob] { [job] + followers.map(\.job) }
    }

    private static func find(_ share: Share, of job: HeadJob, in state: TenantState, _ db: Database) throws -> Found {
        let outstanding = state.held.values.filter { $0.batchKey == job.batchKey }
        let first = max(job.nextBatch, (outstanding.map(\.number).max() ?? -1) + 1)
        let batches = try OpenBatch.next(job, from: first, limit: share.batches, db)
        var found = Found(job: job, batches: batches, outstanding: outstanding.count)
        if job.isSmall, !batches.isEmpty, state.held.isEmpty { found.followers = try followers(of: job, share, db) }
        return found
    }

    /// The small jobs that may be leased together with a small one.
    private static func followers(of head: HeadJob, _ share: Share, _ db: Database) throws -> [(HeadJob, OpenBatch)] {
        var users = head.totalUsers
        var found: [(HeadJob, OpenBatch)] = []
        for job in try HeadJob.next(of: share.tenantID, after: head.seq, limit: share.smallJobs - 1, db) {
            users += job.totalUsers
            guard job.isSmall, users <= BatchLimits.mostUsers, let batch = try OpenBatch.next(job, from: 0, limit: 1, db).first
            else {
                break
            }
            found.append((job, batch))
        }
        return found
    }

    private static func take(
        _ found: Found, of tenantID: TenantID, now: Timestamp, in tenants: inout TenantQueue
    ) -> [LeasedBatch] {
        let taken = found.batches.map { (found.job, $0) } + found.followers
        let held = taken.map { job, batch in
            HeldBatch(batchKey: job.batchKey, seq: job.seq, jobID: job.id, number: batch.number, leasedAt: now)
        }
        let hasMore = found.job.openBatches > found.outstanding + found.batches.count
        return zip(tenants.take(tenantID, held, hasMore: hasMore), taken).map { lease, taken in
            let (job, batch) = taken
            var leased = LeasedBatch(
                lease: lease, jobID: job.id, tenantID: tenantID, operation: job.operation, syncTime: job.syncTime,
                number: batch.number, pass: batch.pass, attempts: batch.attempts, payload: batch.payload, jobUsers: job.totalUsers
            )
            leased.isRetry = job.isRetry
            leased.hasCallbackURL = job.hasCallbackURL
            return leased
        }
    }

    // MARK: Without a write

    /// Leases what needs no write. It waits for no commit, and no commit waits for it.
    ///
    /// A reader may see the state of one commit earlier. A lease is made only if nothing can have invalidated it: the tenant is
    /// reserved before the read, so nothing else leases its batches; if a cancel is under way, or has been since, everything is
    /// left to the writer. So is a tenant for which nothing was found, since a job accepted meanwhile would be missed.
    /// - Returns: the leases, and what is left to the writer.
    private func leaseByReading(
        _ request: LeaseRequest, now: Timestamp, by call: LeaseCall
    ) throws -> ([LeasedBatch], [Share]) {
        let (claimed, cancels) = tenantQueue { ($0.claim(for: request, now: now, by: call), $0.cancelChanges) }
        let shares = claimed.map { claim in
            Share(tenantID: claim.tenantID, batches: max(1, request.batches / claimed.count), smallJobs: request.smallJobs)
        }
        let found: [Found?]
        do {
            found = try readNow { db in
                try zip(shares, claimed).map { share, claim in
                    do {
                        guard let job = try HeadJob.find(share.tenantID, db), !job.needsStartWritten else { return nil }
                        return try Self.find(share, of: job, in: claim.state, db)
                    } catch  where SQLiteFailure(error)?.isOfDamage == true {
                        // The writer meets it too, by itself.
                        return nil
                    }
                }
            }
        } catch {
            tenantQueue { tenants in for share in shares { tenants.unclaim(share.tenantID) } }
            throw error
        }
        return tenantQueue { tenants in
            var leased: [LeasedBatch] = []
            var left: [Share] = []
            for (share, found) in zip(shares, found) {
                if let found, !found.batches.isEmpty, tenants.cancelChanges == cancels,
                    !found.jobs.contains(where: { tenants.isCancelling($0.batchKey) })
                {
                    leased += Self.take(found, of: share.tenantID, now: now, in: &tenants)
                } else {
                    tenants.unclaim(share.tenantID)
                    left.append(share)
                }
            }
            return (leased, left)
        }
    }

    // MARK: With a write

    /// Leases one tenant's next batches. What it reserves in memory is undone if the commit fails.
    ///
    /// It sees the table as earlier operations in the same commit have left it, but memory as it was before all of them: a
    /// `finish` among these still holds its batches here. See `TenantQueue.unclaim`.
    private func lease(
        _ share: Share, now: Timestamp, by call: LeaseCall, in context: WriteContext
    ) throws -> [LeasedBatch] {
        let tenantID = share.tenantID
        guard let state = tenantQueue({ $0.claim(tenantID, now: now, by: call) }) else { return [] }
        var isTaken = false
        var nothing = NothingFound.noJob
        defer {
            if !isTaken {
                let found = nothing
                context.onRollback { [self] in tenantQueue { $0.unclaim(tenantID) } }
                context.afterCommit { [self] in tenantQueue { $0.unclaim(tenantID, as: state, found: found) } }
            }
        }
        guard let job = try HeadJob.find(tenantID, context.db) ?? headWithNewID(of: tenantID, in: context) else { return [] }
        var found = try Self.find(share, of: job, in: state, context.db)
        nothing = .nothingYet
        if found.batches.isEmpty, found.outstanding == 0, job.deferred > 0 {
            try cutDeferred(of: job.seq, batchKey: job.batchKey, upTo: share.batches, in: context)
            found = try Self.find(share, of: job, in: state, context.db)
        }
        guard !found.batches.isEmpty else {
            if found.outstanding == 0, try isCorrected(job.seq, for: "lease", in: context) {
                nothing = .corrected(hasWork: try HeadJob.exists(tenantID, context.db))
            }
            return []
        }
        if job.needsStartWritten { try HeadJob.writeStart(job.seq, at: now, in: context) }
        let leased = tenantQueue { [found] in Self.take(found, of: tenantID, now: now, in: &$0) }
        isTaken = true
        context.onRollback { [self] in tenantQueue { $0.end(leased.map(\.lease)) } }
        return leased
    }

    /// Turns deferred users into batches of the last pass, in index order across the job. Only as many as are leased (or dropped)
    /// now, so that neither memory nor the transaction grows with their number.
    /// - Parameters:
    ///   - isMeant: whether a user should be applied; the others are cancelled on the way.
    /// - Returns: how many were cancelled.
    @discardableResult
    func cutDeferred(
        of seq: Int64, batchKey: Int64, upTo limit: Int, in context: WriteContext,
        where isMeant: (UInt32) -> Bool = { _ in true }
    ) throws -> Int {
        var cutter = RecordCutter()
        var batches: [NewBatch] = []
        var cancelled = 0
        var end: Int64?
        try context.sql(DeferredRow.select).forEach(.int(batchKey), .int(limit * BatchLimits.mostUsers)) { row in
            guard batches.count < limit else { return }
            let index = UInt32(truncatingIfNeeded: row.int64(0))
            guard isMeant(index) else {
                cancelled += 1
                end = row.int64(0)
                return
            }
            let record = row.bytes(1)
            if cutter.isFull(before: record.count), let batch = cutter.take() {
                batches.append(batch)
                guard batches.count < limit else { return }
            }
            cutter.append(record, index: index)
            end = row.int64(0)
        }
        if batches.count < limit, let batch = cutter.take() { batches.append(batch) }
        guard let end else { return 0 }
        let number = try OpenBatch.nextNumber(of: batchKey, context.db)
        let users = try BatchRows.insert(batches, key: batchKey, from: number, pass: .conflicts, in: context)
        try context.sql(DeferredRow.deleteUpTo).run(.int(batchKey), .int(end))
        try context.sql(HeadJob.addCut).run(.int(seq), .int(batches.count), .int(users + cancelled), .int(cancelled))
        return cancelled
    }
}
