import GRDB
package import SyncModel

extension SQLiteJobQueue {
    package func finish(
        _ batches: [FinishedBatch], now: Timestamp, ending: @escaping @Sendable (Job) -> JobEnding?
    ) async throws -> FinishedJobs {
        guard !batches.isEmpty else { return FinishedJobs() }
        let rows = batches.map { (lease: $0.batch.lease, row: FinishedRow($0)) }
        return try await writer.write { [self] context in
            var jobs = FinishedJobs()
            for job in try finish(rows, in: context) {
                if let ending = ending(job), try end(ending, now: now, in: context) {
                    jobs.ended.append(job.ended(as: ending.state, at: now, error: ending.error))
                } else {
                    jobs.endable.append(job)
                }
            }
            return jobs
        }
    }

    private func finish(_ rows: [(lease: LeaseID, row: FinishedRow)], in context: WriteContext) throws -> [Job] {
        var progress: [Int64: JobProgress] = [:]
        var jobs: [Int64: JobRow] = [:]
        var starts: [Int64: Timestamp] = [:]
        for (lease, row) in rows {
            guard let held = lanes({ $0.held(lease) })?.batch else { throw QueueError.leaseLost }
            let job = try jobs[held.seq] ?? JobRow.find(seq: held.seq, context.db)
            guard let job else { throw QueueError.leaseLost }
            jobs[held.seq] = job
            starts[held.seq] = held.leasedAt
            guard try row.write(id: BatchName.id(key: held.batchKey, number: held.number), in: context) else {
                throw QueueError.leaseLost
            }
            let keepsDeferred = !job.job.cancelRequested
            if keepsDeferred {
                for (index, record) in row.deferred {
                    try context.sql(DeferredRow.insert).run(.int(held.batchKey), .int(Int64(index)), .bytes(record))
                }
            }
            progress[held.seq, default: JobProgress()].add(row, number: held.number, keepsDeferred: keepsDeferred)
        }
        for (seq, job) in jobs where job.job.state == .queued {
            if let start = starts[seq] { try writeStart(seq, at: start, in: context) }
        }
        let ended = try settle(progress, of: jobs, in: context)
        context.afterCommit { [self] in lanes { $0.end(rows.map(\.lease)) } }
        return ended
    }

    /// Writes down that a job was started, where its lease did not.
    private func writeStart(_ seq: Int64, at start: Timestamp, in context: WriteContext) throws {
        try context.sql(HeadJob.start).run(.int(seq), .time(start))
        context.count { $0.start() }
    }

    /// Writes what ended to the jobs, and lets the lanes follow.
    /// - Returns: the jobs that are to be ended now, in the order accepted.
    func settle(_ progress: [Int64: JobProgress], of jobs: [Int64: JobRow], in context: WriteContext) throws -> [Job] {
        var endable: [Job] = []
        for (seq, job) in jobs.sorted(by: { $0.key < $1.key }) {
            guard let progress = progress[seq] else { continue }
            let tenantID = job.job.tenantID
            let phase = try progress.write(job, in: context)
            if phase == .endable, let now = try JobRow.find(seq: seq, context.db) { endable.append(now.job) }
            let hasWork = try phase == .working || context.sql(HeadJob.exists).first(.text(tenantID)) { _ in true } ?? false
            context.afterCommit { [self] in
                lanes { lanes in
                    lanes.clearBackoff(tenantID, ofJob: seq)
                    if phase == .endable { lanes.setCancelling(job.batchKey, false) }
                    lanes.setWork(tenantID, hasWork)
                }
            }
        }
        return endable
    }

    package func retry(_ lease: LeaseID, at moment: Timestamp, error: String, now: Timestamp) async throws {
        let error = String(error.prefix(Self.errorLimit))
        try await writer.write { [self] context in
            guard let (tenantID, held) = lanes({ $0.held(lease) }) else { throw QueueError.leaseLost }
            guard var row = try JobRow.find(seq: held.seq, context.db) else { throw QueueError.leaseLost }
            if row.job.state == .queued { try writeStart(held.seq, at: held.leasedAt, in: context) }
            let attempts = try context.sql(Self.countTry).first(.int(BatchName.id(key: held.batchKey, number: held.number))) {
                $0.int(0)
            }
            guard let attempts else { throw QueueError.leaseLost }
            row.job.attempts.insert(BatchAttempt(batch: held.number, attempt: attempts, at: now, error: error), at: 0)
            let kept = Array(row.job.attempts.prefix(Self.attemptsKept))
            // A batch of a job that is being cancelled is not tried again; it is to be dropped.
            let isCancelled = row.job.cancelRequested
            try context.sql(Self.putOff).run(
                .int(held.seq), isCancelled ? .null : .int(held.number), isCancelled ? .null : .time(moment),
                JSONColumn.value(kept))
            let backoff = Backoff(
                jobID: held.jobID, seq: held.seq, batch: held.number, attempts: attempts, until: moment, lastError: error)
            context.afterCommit { [self] in
                lanes { lanes in
                    // Put off first: the tenant does not become ready in between.
                    if !isCancelled { lanes.backOff(tenantID, backoff) }
                    lanes.end([lease])
                }
                if isCancelled { notify { $0.jobWaiting() } }
            }
        }
    }

    /// Characters of an error that are kept.
    static let errorLimit = 500
    /// Failed tries that are kept of a job.
    private static let attemptsKept = 20

    private static let countTry = "UPDATE batches SET attempts = attempts + 1 WHERE id = ?1 AND done = 0 RETURNING attempts"
    private static let putOff = "UPDATE jobs SET retry_batch = ?2, retry_at = ?3, attempts = ?4 WHERE seq = ?1"
}
