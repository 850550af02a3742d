import GRDB
package import JobQueue
import SQLiteSupport
package import SyncModel

extension SQLiteJobQueue {
    /// The failed users' records are stored by batch, in whatever order the batches were cut. They are copied into `deferred`,
    /// which sorts them by index, and cut again from there: in steps, as an upload that would be swept after a crash.
    package func retryFailed(of id: JobID, as newID: JobID, requestID: String, now: Timestamp) async throws -> RetryRequest {
        // Checked without a write first, and again in the one that accepts the job.
        let (row, answer) = try await read { db in
            let row = try JobRow.find(id, db)
            return (row, try row.flatMap { try Self.answer($0, db) })
        }
        guard let row else { return .unknown }
        if let answer { return answer }
        let upload = UploadID(value: nextNumber())
        try gate.setAside(users: row.job.counts.failed, for: upload, pendingUsers: writer.currentTotals.pendingUsers)
        defer { gate.settle(upload) }
        do {
            try await gatherFailed(row, upload)
            let users = try await cutGathered(upload)
            let request = try await writer.write { [self] context -> RetryRequest in
                // Checked again: it may have been pruned or retried meanwhile.
                guard let row = try JobRow.find(id, context.db) else { return .unknown }
                if let answer = try Self.answer(row, context.db) { return answer }
                guard users > 0 else { return .nothingFailed(row.job) }
                let job = Self.retryJob(of: row.job, as: newID, users: users, requestID: requestID, now: now)
                return .linked(try accept(job, upload: upload, batches: [], in: context), existing: false)
            }
            guard case .linked(_, existing: false) = request else {
                await discard(upload)
                return request
            }
            return request
        } catch {
            await discard(upload)
            throw error
        }
    }

    /// The answer, if it does not depend on the payloads; `nil` if a job must be created.
    private static func answer(_ row: JobRow, _ db: Database) throws -> RetryRequest? {
        guard row.job.state.isEnd else { return .open(row.job) }
        let open = try db.sql(selectOpenRetry).first(.text(row.job.id.text)) { JobRow($0)?.job } ?? nil
        if let open { return .linked(open, existing: true) }
        return row.job.counts.failed > 0 ? nil : .nothingFailed(row.job)
    }

    private static func retryJob(of job: Job, as id: JobID, users: Int, requestID: String, now: Timestamp) -> NewJob {
        var new = NewJob(
            id: id, operation: job.operation, tenantID: job.sentTenantID, tenantName: job.tenantName, source: job.source,
            syncTime: job.syncTime, acceptedAt: now, totalUsers: users, requestID: requestID)
        new.callbackURL = job.callbackURL
        new.traceparent = job.traceparent
        new.syncType = job.syncType
        new.reason = job.reason
        new.retryOf = job.id
        new.retriedTenantID = job.tenantID
        return new
    }

    /// Copies the records of failed users under the upload's key, by their index in the job.
    private func gatherFailed(_ row: JobRow, _ upload: UploadID) async throws {
        let bounds = BatchName.bounds(key: row.batchKey)
        var next: Int64? = bounds.first
        while let from = next {
            next = try await writer.write { context in
                try OrphanRow.mark(upload.value, .everything, context.db)
                let batches = try context.sql(Self.selectFailed).all(.int(from), .int(bounds.last), .int(Self.gatherStep)) {
                    row in
                    (id: row.int64(0), payload: BatchPayload(bytes: row.bytes(1), count: row.int(2)))
                }
                let insert = try context.sql(DeferredRow.insert)
                for batch in batches {
                    try batch.payload.forEachRaw { raw, record in
                        try insert.run(.int(upload.value), .int(Int64(record.index)), .bytes(Array(raw)))
                    }
                }
                return batches.count < Self.gatherStep ? nil : batches.last.map { $0.id &+ 1 }
            }
        }
    }

    /// Cuts the gathered records into batches, re-indexed from 0.
    /// - Returns: how many users there are.
    private func cutGathered(_ upload: UploadID) async throws -> Int {
        var users = 0
        while true {
            let before = users
            let cut = try await writer.write { context in try Self.cutSome(upload, from: before, in: context) }
            guard cut > 0 else { return users }
            users += cut
        }
    }

    private static func cutSome(_ upload: UploadID, from index: Int, in context: WriteContext) throws -> Int {
        var cutter = RecordCutter()
        var batches: [NewBatch] = []
        var count = 0
        var last: Int64 = -1
        let limit = gatherStep * BatchLimits.mostUsers
        try context.sql(DeferredRow.select).forEach(.int(upload.value), .int(limit)) { row in
            let record = row.bytes(1)
            if cutter.isFull(before: record.count), let batch = cutter.take() { batches.append(batch) }
            guard batches.count < gatherStep else { return }
            let position = UInt32(index + count)
            cutter.append(record.reindexed(position), index: position)
            count += 1
            last = row.int64(0)
        }
        if let batch = cutter.take() { batches.append(batch) }
        guard count > 0 else { return 0 }
        let number = try OrphanRow.find(upload.value, context.db)?.batches ?? 0
        let users = try BatchRows.insert(batches, key: upload.value, from: number, in: context)
        try OrphanRow.add(upload.value, batches: batches.count, users: users, context.db)
        try context.sql(DeferredRow.deleteUpTo).run(.int(upload.value), .int(last))
        return users
    }

    /// The most batches that one transaction reads or cuts.
    private static let gatherStep = 32

    static let selectOpenRetry = """
        SELECT \(JobRow.columns) FROM jobs INDEXED BY jobs_retry_of WHERE retry_of = ?1 AND state IN (\(JobState.openCodes))
        ORDER BY seq DESC LIMIT 1
        """
    private static let selectFailed = """
        SELECT b.id, p.records, b.failed FROM batches b JOIN payloads p ON p.id = b.id
        WHERE b.id >= ?1 AND b.id <= ?2 AND b.failed > 0 AND b.done = 1 ORDER BY b.id LIMIT ?3
        """
}
