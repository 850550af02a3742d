import GRDB
package import JobQueue
import SQLiteSupport
package import SyncModel

extension SQLiteJobQueue {
    package func finish(
        _ batches: [FinishedBatch], now: Timestamp, ending: @escaping @Sendable (Job) -> JobEnding?
    ) async throws -> FinishedJobs {
        guard !batches.isEmpty else { return FinishedJobs() }
        let rows = batches.map { (lease: $0.batch.lease, row: FinishedRow($0)) }
        let isShort = batches.reduce(0) { $0 + $1.users.count } <= BatchLimits.mostUsers
        let bytes = zip(rows, batches).map { (lease: $0.lease, settled: $0.row.settledBytes(of: $1.batch.payload)) }
        return try await writer.write(isShort: isShort) { [self] context in
            let (progress, jobs, lost) = try finish(rows, in: context)
            unpend(bytes: bytes.reduce(0) { lost.contains($1.lease) ? $0 : $0 + $1.settled }, in: context)
            var ended = try settle(progress, of: jobs, now: now, ending: ending, in: context)
            ended.lost = lost
            // In the last pass, a cancel waits for the held batch.
            let isCancelled = jobs.values.contains { $0.job.cancelRequested }
            context.afterCommit { [self] in
                tenantQueue { $0.end(rows.lazy.map(\.lease).filter { !lost.contains($0) }) }
                if isCancelled { notify { $0.jobWaiting() } }
            }
            return ended
        }
    }

    /// Ends the batches whose leases are held; returns what must be written to their jobs, the jobs as they were before, and the
    /// leases that are not held.
    private func finish(
        _ rows: [(lease: LeaseID, row: FinishedRow)], in context: WriteContext
    ) throws -> ([Int64: EndedBatches], [Int64: JobRow], lost: [LeaseID]) {
        var progress: [Int64: EndedBatches] = [:]
        var jobs: [Int64: JobRow] = [:]
        var lost: [LeaseID] = []
        for (lease, var row) in rows {
            guard let held = startEnding(lease, in: context)?.batch else {
                lost.append(lease)
                continue
            }
            guard let job = try jobs[held.seq] ?? openJob(of: held, for: "finish", in: context) else {
                tenantQueue { $0.keep(lease) }
                lost.append(lease)
                continue
            }
            jobs[held.seq] = job
            guard try row.write(id: BatchName.id(key: held.batchKey, number: held.number), in: context) else {
                reportNotOpen(held, "finish")
                tenantQueue { $0.keep(lease) }
                lost.append(lease)
                continue
            }
            let keepsDeferred = !job.job.cancelRequested
            if keepsDeferred {
                for (index, record) in row.deferred {
                    try context.sql(DeferredRow.insert).run(.int(held.batchKey), .int(Int64(index)), .bytes(record))
                }
            }
            progress[held.seq, default: EndedBatches()].add(row, number: held.number, keepsDeferred: keepsDeferred)
            progress[held.seq]?.startedAt = held.leasedAt
        }
        return (progress, jobs, lost)
    }

    /// Ends a lease with the commit of the operation, which must end it in memory once committed.
    /// - Returns: what it holds; `nil` if it has ended, be it by an earlier operation of the same commit.
    private func startEnding(_ lease: LeaseID, in context: WriteContext) -> (tenantID: TenantID, batch: HeldBatch)? {
        guard let found = tenantQueue({ $0.startEnding(lease) }) else { return nil }
        context.onRollback { [self] in
            let isCancelled = tenantQueue { tenants in
                defer { tenants.keep(lease) }
                return tenants.isCancelling(lease)
            }
            // It may have been given back meanwhile.
            if isCancelled { notify { $0.jobWaiting() } }
        }
        return found
    }

    /// The job of a held batch; it stays open as long as the batch is held. `nil`, and reported, if it is not.
    private func openJob(of held: HeldBatch, for event: String, in context: WriteContext) throws -> JobRow? {
        guard let job = try JobRow.find(seq: held.seq, context.db) else {
            reportNotOpen(held, event)
            return nil
        }
        guard job.phase == .working || job.phase == .cancelling else {
            report(ImpossibleTransition(.job, held.jobID.text, in: "\(job.phase)", met: event))
            return nil
        }
        return job
    }

    /// A batch is held that the tables do not list as open.
    private func reportNotOpen(_ held: HeldBatch, _ event: String) {
        report(ImpossibleTransition(.batch, "\(held.jobID.text)/\(held.number)", in: "held and not open", met: event))
    }

    /// Writes the progress to the jobs, one update each, and updates the tenant queue.
    /// - Parameter ending: decides how a job without open batches ends; `nil` if not now.
    /// - Returns: the jobs that ended or must be ended, in the order accepted.
    func settle(
        _ progress: [Int64: EndedBatches], of jobs: [Int64: JobRow], now: Timestamp, ending: (Job) -> JobEnding?,
        in context: WriteContext
    ) throws -> FinishedJobs {
        var finished = FinishedJobs()
        var tenants: Set<TenantID> = []
        for (seq, before) in jobs.sorted(by: { $0.key < $1.key }) {
            guard let progress = progress[seq] else { continue }
            var row = before.after(progress)
            if progress.lostResults > 0 { try setWarnings(row.job.warnings, of: row, in: context) }
            let tenantID = row.job.tenantID
            context.backlog(tenantID, pendingUsers: -progress.counts.settled)
            let isEndable = row.phase == .endable
            if isEndable {
                let hasEnded = try mayEnd(row, in: context) && end(&row, now: now, in: context, as: ending)
                if hasEnded { finished.ended.append(row.job) } else { finished.endable.append(row.job) }
            }
            if row.nextBatch > before.nextBatch, row.job.batchesDone > row.nextBatch {
                // A later commit group was written before this one: skip its batches once, now, rather than at every lease.
                row.nextBatch = try OpenBatch.first(of: row.batchKey, from: row.nextBatch, context.db) ?? row.job.batches
            }
            try row.write(over: before, in: context)
            tenants.insert(tenantID)
            context.afterCommit { [self] in
                tenantQueue { tenants in
                    tenants.clearBackoff(tenantID, ofJob: seq, batches: progress.ended)
                    if isEndable { tenants.setCancelling(before.batchKey, false) }
                }
            }
        }
        for tenantID in tenants.sorted() {
            let hasWork = try HeadJob.exists(tenantID, context.db)
            context.afterCommit { [self] in tenantQueue { $0.setWork(tenantID, hasWork) } }
        }
        return finished
    }

    package func retry(_ lease: LeaseID, at moment: Timestamp, error: String, now: Timestamp) async throws {
        let error = String(error.prefix(Self.errorLimit))
        try await writer.write { [self] context in
            guard let (tenantID, held) = startEnding(lease, in: context),
                var row = try openJob(of: held, for: "retry", in: context)
            else { throw QueueError.leaseLost }
            if row.job.state == .queued { try HeadJob.writeStart(held.seq, at: held.leasedAt, in: context) }
            let attempts = try context.sql(Self.countAttempt).first(.int(BatchName.id(key: held.batchKey, number: held.number))) {
                $0.int(0)
            }
            guard let attempts else {
                reportNotOpen(held, "retry")
                throw QueueError.leaseLost
            }
            row.job.attempts.insert(BatchAttempt(batch: held.number, attempt: attempts, at: now, error: error), at: 0)
            let kept = Array(row.job.attempts.prefix(Self.attemptsKept))
            // A batch of a job that is being cancelled is not retried; it must be dropped.
            let isCancelled = row.job.cancelRequested
            try context.sql(Self.putOff).run(
                .int(held.seq), isCancelled ? .null : .int(held.number), isCancelled ? .null : .time(moment),
                JSONColumn.value(kept))
            let backoff = Backoff(
                jobID: held.jobID, seq: held.seq, batch: held.number, attempts: attempts, until: moment, lastError: error)
            context.afterCommit { [self] in
                tenantQueue { tenants in
                    // Put off first, so that the tenant does not become ready in between.
                    if !isCancelled { tenants.backOff(tenantID, backoff) }
                    tenants.end([lease])
                }
                if isCancelled { notify { $0.jobWaiting() } }
            }
        }
    }

    /// How many characters of an error are kept.
    static let errorLimit = 500
    /// How many failed attempts are kept per job.
    private static let attemptsKept = 20

    private static let countAttempt = """
        UPDATE batches SET attempts = max(0, min(attempts, 1000000)) + 1 WHERE id = ?1 AND done = 0 RETURNING attempts
        """
    /// Of two times the later one holds, as in memory.
    private static let putOff = """
        UPDATE jobs SET retry_batch = iif(coalesce(retry_at, 0) > ?3, retry_batch, ?2), retry_at = max(coalesce(retry_at, 0), ?3),
            attempts = ?4
        WHERE seq = ?1
        """
}
