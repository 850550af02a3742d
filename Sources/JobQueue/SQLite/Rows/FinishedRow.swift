import SyncModel

/// A finished batch as it is written, joined and encoded before it reaches the writer.
struct FinishedRow: Sendable {
    var results: [UInt8]
    /// Records of the users that failed; kept for `retryFailed`.
    var failedRecords: [UInt8]?
    /// Records of users to be tried once more.
    var deferred: [(index: UInt32, record: [UInt8])] = []
    /// Users without outcome count as cancelled.
    var counts = JobCounts()
    var failedCodes: [String: Int] = [:]

    /// - Parameter deferred: indices of users to be tried once more; empty in the last pass.
    init(payload: BatchPayload, users: [AppliedUser], deferred: Set<UInt32>) {
        results = ResultsBlob(payload: payload, applied: users).bytes
        var failed: Set<UInt32> = []
        for user in users {
            counts[user.outcome] += 1
            guard user.outcome == .failed else { continue }
            failed.insert(user.index)
            if let code = user.code { failedCodes[code.word, default: 0] += 1 }
        }
        if !failed.isEmpty { failedRecords = payload.keeping(failed).bytes }
        if !deferred.isEmpty {
            payload.forEachRaw { raw, record in
                if deferred.contains(record.index) { self.deferred.append((record.index, Array(raw))) }
            }
        }
        counts.cancelled = max(0, payload.count - users.count - self.deferred.count)
    }

    init(_ batch: FinishedBatch) {
        self.init(
            payload: batch.batch.payload, users: batch.users, deferred: batch.batch.pass == .conflicts ? [] : batch.deferred)
    }

    static let endBatch = "UPDATE batches SET done = ?2, failed = ?3, created = ?4 WHERE id = ?1 AND done = 0"
    static let insertResults = "INSERT INTO results (id, results) VALUES (?1, ?2)"
    static let deletePayload = "DELETE FROM payloads WHERE id = ?1"
    static let keepFailed = "UPDATE payloads SET records = ?2 WHERE id = ?1"

    /// Ends the batch as applied. False where it had ended before.
    func write(id: Int64, in context: WriteContext) throws -> Bool {
        try context.sql(Self.endBatch).run(.int(id), .int(1), .int(counts.failed), .int(counts.created))
        guard context.db.changes == 1 else { return false }
        if !results.isEmpty { try context.sql(Self.insertResults).run(.int(id), .bytes(results)) }
        if let failedRecords {
            try context.sql(Self.keepFailed).run(.int(id), .bytes(failedRecords))
        } else {
            try context.sql(Self.deletePayload).run(.int(id))
        }
        return true
    }
}

/// What batches that ended add up to for their job.
struct JobProgress {
    var counts = JobCounts()
    var failedCodes: [String: Int] = [:]
    var deferred = 0
    /// Numbers of the batches that ended.
    var ended: Set<Int> = []

    mutating func add(_ row: FinishedRow, number: Int, keepsDeferred: Bool) {
        counts = counts + row.counts
        if keepsDeferred { deferred += row.deferred.count } else { counts.cancelled += row.deferred.count }
        failedCodes.merge(row.failedCodes, uniquingKeysWith: +)
        ended.insert(number)
    }

    private static let update = """
        UPDATE jobs SET batches_done = batches_done + ?2, next_batch = ?3, deferred = deferred + ?4,
            created = created + ?5, updated = updated + ?6, unchanged = unchanged + ?7, stale = stale + ?8,
            removed = removed + ?9, failed = failed + ?10, cancelled = cancelled + ?11,
            failed_codes = coalesce(?12, failed_codes), retry_at = NULL, retry_batch = NULL,
            phase = CASE WHEN batches_done + ?2 < batches OR deferred + ?4 > 0 THEN cancel_requested ELSE 2 END
        WHERE seq = ?1
        """

    /// Writes it to the job, as `job` stood before.
    /// - Returns: the job's phase now.
    func write(_ job: JobRow, in context: WriteContext) throws -> JobPhase {
        var next = job.nextBatch
        while ended.contains(next) { next += 1 }
        let codes = failedCodes.isEmpty ? [:] : failedCodes.merging(job.job.failedCodes, uniquingKeysWith: +)
        try context.sql(Self.update).run(
            .int(job.seq), .int(ended.count), .int(next), .int(deferred), .int(counts.created), .int(counts.updated),
            .int(counts.unchanged), .int(counts.stale), .int(counts.removed), .int(counts.failed), .int(counts.cancelled),
            JSONColumn.value(codes))
        context.backlog(job.job.tenantID, pendingUsers: -counts.settled)
        if job.job.batchesDone + ended.count < job.job.batches || job.deferred + deferred > 0 {
            return job.job.cancelRequested ? .cancelling : .working
        }
        return .endable
    }
}
