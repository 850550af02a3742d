import GRDB
import JobQueue
import SQLiteSupport
import SyncModel

extension JobRow {
    /// The columns in the order of `init`.
    static let columns = """
        seq, batch_key, phase, next_batch, deferred, retry_batch, retry_at,
        id, operation, tenant_id, tenant_name, source, state, cancel_requested, sync_time, accepted_at, started_at, ended_at,
        total_users, batches, batches_done, created, updated, unchanged, stale, removed, failed, cancelled,
        request_id, callback_url, traceparent, sync_type, reason, retry_of, warnings, failed_codes, attempts, error,
        sequence, sent_tenant_id
        """
    static let byID = "SELECT \(columns) FROM jobs WHERE id = ?1"
    static let bySeq = "SELECT \(columns) FROM jobs WHERE seq = ?1"

    /// `nil` for a row with an id that cannot be read: something else has written it.
    init?(_ row: SQLRow) {
        guard let id = JobID(stored: row.text(7)) else { return nil }
        var job = Job(
            id: id, operation: Operation(code: row.int(8)), tenantID: TenantID(row.text(9)), tenantName: row.text(10),
            source: row.text(11), state: JobState(code: row.int(12)), syncTime: row.time(14), acceptedAt: row.time(15),
            totalUsers: max(0, row.int(18)), batches: row.int(19), requestID: row.text(28))
        job.cancelRequested = row.int(13) != 0
        job.startedAt = row.optionalTime(16)
        job.endedAt = row.optionalTime(17)
        job.batchesDone = row.int(20)
        let users = 0...job.totalUsers
        job.counts.created = row.int(21).clamped(to: users)
        job.counts.updated = row.int(22).clamped(to: users)
        job.counts.unchanged = row.int(23).clamped(to: users)
        job.counts.stale = row.int(24).clamped(to: users)
        job.counts.removed = row.int(25).clamped(to: users)
        job.counts.failed = row.int(26).clamped(to: users)
        job.counts.cancelled = row.int(27).clamped(to: users)
        job.callbackURL = row.optionalText(29)
        job.traceparent = row.optionalText(30)
        job.syncType = row.optionalText(31)
        job.reason = row.optionalText(32)
        job.retryOf = row.optionalText(33).flatMap { JobID($0) }
        job.warnings = JSONColumn.items(row.optionalText(34), [String].self) ?? []
        job.failedCodes = (JSONColumn.items(row.optionalText(35), [String: Int].self) ?? [:])
            .mapValues { $0.clamped(to: users) }
        job.attempts = JSONColumn.items(row.optionalText(36), [BatchAttempt].self) ?? []
        job.error = row.optionalText(37)
        job.sequence = row.optionalInt(38).map { Int64($0) }
        if let sent = row.optionalText(39) { job.sentTenantID = TenantID(sent) }
        self.init(
            job: job, seq: row.int64(0), batchKey: row.int64(1), phase: JobPhase(rawValue: row.int(2)) ?? .closed,
            nextBatch: row.int(3), deferred: row.int(4).clamped(to: users), retryBatch: row.optionalInt(5),
            retryAt: row.optionalTime(6))
    }

    private static let insert = """
        INSERT INTO jobs (seq, id, batch_key, phase, state, operation, tenant_id, tenant_name, source, sync_time, accepted_at,
            total_users, batches, request_id, callback_url, traceparent, sync_type, reason, retry_of, warnings,
            sent_tenant_id)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)
        """

    /// Writes a new job's row. A job without batches has nothing to wait for: it must be ended at once.
    /// - Parameters:
    ///   - tenantID: whose it is.
    ///   - acceptedAt: stands for its `syncTime` too if it names none.
    ///   - isHeld: whether it waits for a merge of its tenant.
    static func insert(
        _ job: NewJob, of tenantID: TenantID, at acceptedAt: Timestamp, seq: Int64, batchKey: Int64, batches: Int,
        isHeld: Bool, in context: WriteContext
    ) throws -> Job {
        let syncTime = job.syncTime ?? acceptedAt
        let phase: JobPhase = isHeld ? .held : batches == 0 ? .endable : .working
        try context.sql(insert).run(
            .int(seq), .text(job.id.text), .int(batchKey), .int(phase.rawValue), .int(JobState.queued.code),
            .int(job.operation.code), .tenant(tenantID), .text(job.tenantName), .text(job.source), .time(syncTime),
            .time(acceptedAt), .int(job.totalUsers), .int(batches), .text(job.requestID), .text(job.callbackURL),
            .text(job.traceparent), .text(job.syncType), .text(job.reason), .text(job.retryOf?.text),
            JSONColumn.value(job.warnings), .tenant(job.tenantID == tenantID ? nil : job.tenantID))
        var accepted = Job(
            id: job.id, operation: job.operation, tenantID: tenantID, tenantName: job.tenantName, source: job.source,
            state: .queued, syncTime: syncTime, acceptedAt: acceptedAt, totalUsers: job.totalUsers, batches: batches,
            requestID: job.requestID)
        accepted.sentTenantID = job.tenantID
        accepted.callbackURL = job.callbackURL
        accepted.traceparent = job.traceparent
        accepted.syncType = job.syncType
        accepted.reason = job.reason
        accepted.retryOf = job.retryOf
        accepted.warnings = job.warnings
        return accepted
    }
}

extension JobRow {
    static func find(_ id: JobID, _ db: Database) throws -> JobRow? {
        try db.sql(byID).first(.text(id.text)) { JobRow($0) } ?? nil
    }

    static func find(seq: Int64, _ db: Database) throws -> JobRow? {
        try db.sql(bySeq).first(.int(seq)) { JobRow($0) } ?? nil
    }
}
