import GRDB
package import JobQueue
import SQLiteSupport
package import SyncModel
import Synchronization

/// A tenant's jobs run in the order accepted (`seq`), a job's batches by number: one job of a tenant at a time (or several small ones
/// that follow each other), and one turn, that is one set of leased batches, unless `unlock` says that the turn's effects stand.
extension SQLiteJobQueue {
    package func readyTenants(now: Timestamp, limit: Int) async throws -> [TenantID] {
        lanes { $0.ready(now: now, limit: limit) }
    }

    package func nextRetry() async throws -> Timestamp? { lanes { $0.nextRetry } }

    package func lease(_ wishes: [LeaseWish], now: Timestamp) async throws -> [LeasedBatch] {
        withCarriedIDs(try await leased(wishes, now: now))
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

    private func leased(_ wishes: [LeaseWish], now: Timestamp) async throws -> [LeasedBatch] {
        let wishes = wishes.filter { $0.maxBatches > 0 }
        guard !wishes.isEmpty else { return [] }
        let (leased, rest) = try leaseByReading(wishes, now: now)
        guard !rest.isEmpty else { return leased }
        do {
            return try await leased
                + writer.write { [self] context in
                    var leased: [LeasedBatch] = []
                    for wish in rest { leased += try lease(wish, now: now, in: context) }
                    return leased
                }
        } catch {
            await release(leased.map(\.lease))
            throw error
        }
    }

    package func unlock(_ leases: [LeaseID]) async { lanes { $0.unlock(leases) } }

    package func release(_ leases: [LeaseID]) async {
        // A batch given back by a job that is being cancelled is to be dropped: nobody leases it again.
        let isCancelled = lanes { lanes in
            let cancelled = leases.contains { lanes.isCancelling($0) }
            lanes.end(leases)
            return cancelled
        }
        if isCancelled { notify { $0.jobWaiting() } }
    }

    // MARK: Without a write

    /// What a reader found for one wish.
    private struct Found {
        var job: HeadJob
        var batches: [OpenBatch]
        /// Batches of the turn before, applied and not finished yet.
        var outstanding: Int
        /// Small jobs after it.
        var followers: [(job: HeadJob, batch: OpenBatch)] = []

        var jobs: [HeadJob] { [job] + followers.map(\.job) }
    }

    /// Leases what takes no write: most batches, as leases live in memory. It waits for no commit, and none waits for it.
    ///
    /// What a reader sees may be a commit old. A lease stands only where nothing could have made it wrong: the tenant is reserved
    /// from before the read, so that nobody else leases; and where a cancel is under way or was since, all is left to the writer. So
    /// is a tenant for whom nothing was found: a job accepted meanwhile would be missed.
    /// - Returns: also the wishes that are left to the writer.
    private func leaseByReading(_ wishes: [LeaseWish], now: Timestamp) throws -> ([LeasedBatch], [LeaseWish]) {
        let (claimed, cancels) = lanes { lanes in
            (
                wishes.compactMap { wish in lanes.claim(wish.tenantID, now: now).map { (wish: wish, lane: $0) } },
                lanes.cancelChanges
            )
        }
        let found: [Found?]
        do {
            found = try readNow { db in try claimed.map { try Self.find($0.wish, $0.lane, db) } }
        } catch {
            lanes { lanes in for claim in claimed { lanes.unclaim(claim.wish.tenantID) } }
            throw error
        }
        return lanes { lanes in
            var leased: [LeasedBatch] = []
            var rest: [LeaseWish] = []
            for ((wish, _), found) in zip(claimed, found) {
                if let found, lanes.cancelChanges == cancels, !found.jobs.contains(where: { lanes.isCancelling($0.batchKey) }) {
                    leased += Self.take(found, of: wish.tenantID, now: now, in: &lanes)
                } else {
                    lanes.unclaim(wish.tenantID)
                    rest.append(wish)
                }
            }
            return (leased, rest)
        }
    }

    /// `nil`: to be left to the writer.
    private static func find(_ wish: LeaseWish, _ lane: Lane, _ db: Database) throws -> Found? {
        guard let job = try HeadJob.find(wish.tenantID, db), !job.needsStartWritten else { return nil }
        let (outstanding, first) = next(of: job, in: lane)
        let batches = try OpenBatch.next(job, from: first, limit: wish.maxBatches, db)
        guard !batches.isEmpty else { return nil }
        var found = Found(job: job, batches: batches, outstanding: outstanding)
        if job.isSmall, lane.held.isEmpty { found.followers = try followers(of: job, wish, db) }
        return found
    }

    /// The small jobs that may come with a small one.
    private static func followers(of head: HeadJob, _ wish: LeaseWish, _ db: Database) throws -> [(HeadJob, OpenBatch)] {
        var users = head.totalUsers
        var found: [(HeadJob, OpenBatch)] = []
        for job in try HeadJob.next(of: wish.tenantID, after: head.seq, limit: wish.maxSmallJobs - 1, db) {
            users += job.totalUsers
            guard job.isSmall, users <= LeaseWish.smallUsers, let batch = try OpenBatch.next(job, from: 0, limit: 1, db).first
            else {
                break
            }
            found.append((job, batch))
        }
        return found
    }

    /// Batches that are held still, and the number from which others may be open.
    private static func next(of job: HeadJob, in lane: Lane) -> (outstanding: Int, first: Int) {
        let outstanding = lane.held.values.filter { $0.batchKey == job.batchKey }
        return (outstanding.count, max(job.nextBatch, (outstanding.map(\.number).max() ?? -1) + 1))
    }

    private static func take(
        _ found: Found, of tenantID: TenantID, now: Timestamp, in lanes: inout Lanes
    ) -> [LeasedBatch] {
        let taken = found.batches.map { (found.job, $0) } + found.followers
        let held = taken.map { job, batch in
            HeldBatch(batchKey: job.batchKey, seq: job.seq, jobID: job.id, number: batch.number, leasedAt: now)
        }
        let hasMore = found.job.openBatches > found.outstanding + found.batches.count
        return zip(lanes.take(tenantID, held, hasMore: hasMore), taken).map { lease, taken in
            let (job, batch) = taken
            var leased = LeasedBatch(
                lease: lease, jobID: job.id, tenantID: tenantID, operation: job.operation, syncTime: job.syncTime,
                number: batch.number, pass: batch.pass, attempts: batch.attempts, payload: batch.payload, jobUsers: job.totalUsers
            )
            leased.isRetry = job.isRetry
            return leased
        }
    }

    // MARK: With a write

    /// Leases one tenant's next batches. What it reserves in memory is undone where the commit fails.
    ///
    /// What it sees is the table as the operations before it in the same commit have left it, and the lanes as they stood before all
    /// of them. So what it does not find may be there a moment later: a `finish` before it that leaves users for the last pass still
    /// holds its batches here. See `Lanes.unclaim`.
    private func lease(_ wish: LeaseWish, now: Timestamp, in context: WriteContext) throws -> [LeasedBatch] {
        let tenantID = wish.tenantID
        guard let lane = lanes({ $0.claim(tenantID, now: now) }) else { return [] }
        var isTaken = false
        var nothing = NothingFound.noJob
        defer {
            if !isTaken {
                let found = nothing
                context.onRollback { [self] in lanes { $0.unclaim(tenantID) } }
                context.afterCommit { [self] in lanes { $0.unclaim(tenantID, as: lane, found: found) } }
            }
        }
        guard let job = try HeadJob.find(tenantID, context.db) else { return [] }
        let (outstanding, first) = Self.next(of: job, in: lane)
        nothing = outstanding > 0 ? .nothingYet : .nothingOpen
        var batches = try OpenBatch.next(job, from: first, limit: wish.maxBatches, context.db)
        if batches.isEmpty, outstanding == 0, job.deferred > 0 {
            try cutDeferred(
                of: job.seq, batchKey: job.batchKey, batches: job.batches, upTo: wish.maxBatches, in: context)
            batches = try OpenBatch.next(job, from: first, limit: wish.maxBatches, context.db)
        }
        guard !batches.isEmpty else { return [] }
        if job.needsStartWritten { try HeadJob.writeStart(job.seq, at: now, in: context) }
        let found = Found(job: job, batches: batches, outstanding: outstanding)
        let leased = lanes { Self.take(found, of: tenantID, now: now, in: &$0) }
        isTaken = true
        context.onRollback { [self] in lanes { $0.end(leased.map(\.lease)) } }
        return leased
    }

    /// Makes batches of the last pass out of users that were deferred, in index order across the job. Only as many as are leased (or
    /// dropped) now, so that neither memory nor the transaction grows with their number.
    /// - Parameters:
    ///   - count: how many batches the job has.
    ///   - isMeant: whether a user is to be applied; the others are cancelled on the way.
    /// - Returns: how many were cancelled.
    @discardableResult
    func cutDeferred(
        of seq: Int64, batchKey: Int64, batches count: Int, upTo limit: Int, in context: WriteContext,
        where isMeant: (UInt32) -> Bool = { _ in true }
    ) throws -> Int {
        var cutter = RecordCutter()
        var batches: [NewBatch] = []
        var cancelled = 0
        var end: Int64?
        try context.sql(DeferredRow.select).forEach(.int(batchKey), .int(limit * RecordCutter.maxUsers)) { row in
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
        let users = try BatchRows.insert(batches, key: batchKey, from: count, pass: .conflicts, in: context)
        try context.sql(DeferredRow.deleteUpTo).run(.int(batchKey), .int(end))
        try context.sql(HeadJob.addCut).run(.int(seq), .int(batches.count), .int(users + cancelled), .int(cancelled))
        return cancelled
    }
}
