import GRDB
package import JobQueue
import SQLiteSupport
package import SyncModel
import Synchronization

extension SQLiteJobQueue {
    package func end(
        _ job: JobID, now: Timestamp, ending: @escaping @Sendable (Job) -> JobEnding
    ) async throws -> Job? {
        try await writer.write { [self] context in
            guard let before = try JobRow.find(job, context.db), !before.job.state.isEnd else { return nil }
            guard before.phase == .endable else { throw QueueError.refused("The job has open batches") }
            var row = before
            guard try mayEnd(row, in: context) else { return nil }
            try end(&row, now: now, in: context, as: ending)
            try row.write(over: before, in: context)
            return row.job
        }
    }

    /// Whether no other job of its tenant must end first.
    func mayEnd(_ row: JobRow, in context: WriteContext) throws -> Bool { try Self.mayEnd(row, context.db) }

    static func mayEnd(_ row: JobRow, _ db: Database) throws -> Bool {
        // If users of it were applied, so were those of any job before it, though their results may not be written yet.
        let earlier =
            row.job.counts.applied > 0 ? [selectEarlierEnding, selectEarlierWorking] : [selectEarlierEnding]
        return try earlier.allSatisfy { sql in
            try db.sql(sql).first(.tenant(row.job.tenantID), .int(row.seq)) { _ in true } == nil
        }
    }

    /// Ends a job that may end, and writes its outbox row; the caller must write the job's row, in the same transaction.
    /// - Parameter ending: decides how; `nil` if not now, and the row is left unchanged.
    /// - Returns: whether it ended.
    @discardableResult
    func end(
        _ job: inout JobRow, now: Timestamp, in context: WriteContext, as ending: (Job) -> JobEnding?
    ) throws -> Bool {
        var row = job
        let tenantID = row.job.tenantID
        var end = try TenantEnd.last(of: tenantID, context.db) ?? TenantEnd(sequence: 0, endedAt: now)
        end.sequence = try nextSequence(of: row.job, after: end.sequence, context.db)
        // Whoever ended the previous job may have read the clock later. But an end ahead of the clock was written before the
        // clock was set back.
        end.endedAt = end.endedAt <= clock.now() ? max(now, end.endedAt) : now
        row.job.sequence = end.sequence
        row.job.endedAt = end.endedAt
        guard let ending = ending(row.job) else { return false }
        guard ending.state.isEnd else { throw QueueError.refused("\(ending.state.rawValue) is not the end of a job") }
        row.job = row.job.ended(as: ending.state, at: end.endedAt, error: ending.error.map { String($0.prefix(Self.errorLimit)) })
        if let warning = ending.warning { row.job.warnings = try warn(warning, of: row, in: context) }
        row.phase = .ledgered
        let id = row.job.id
        context.afterCommit { [self] in
            carriedIDs.withLock { $0[id] = nil }
            notify { $0.jobEnded(id) }
        }
        try end.write(of: tenantID, context.db)
        try noteSequence(end.sequence, of: row.job, context.db)
        job = row
        context.backlog(tenantID, openJobs: -1, pendingUsers: 0)
        // Jobs that had to wait for this one.
        let isNextWaiting = try context.sql(Self.selectLaterEnding).first(.tenant(tenantID), .int(row.seq)) { _ in true } ?? false
        if isNextWaiting { context.afterCommit { [self] in notify { $0.jobWaiting() } } }
        guard let delivery = ending.delivery else { return true }
        try post(delivery, now: now, in: context)
        return true
    }

    /// Adds a warning to the job's.
    /// - Returns: all of them.
    @discardableResult
    func warn(_ warning: String, of row: JobRow, in context: WriteContext) throws -> [String] {
        let warnings = row.job.warnings + [String(warning.prefix(Self.errorLimit))]
        try setWarnings(warnings, of: row, in: context)
        return warnings
    }

    func setWarnings(_ warnings: [String], of row: JobRow, in context: WriteContext) throws {
        try context.sql(Self.writeWarnings).run(.int(row.seq), JSONColumn.value(warnings))
    }

    /// A tenant's first job in phase `cancelling` or `endable` decides: if it may not end yet, none of them may.
    package func endable(limit: Int) async throws -> [Job] {
        let (found, unreadable) = try await read { db -> ([Job], [Int64]) in
            // None mostly, however many are being cancelled.
            guard try db.sql(Self.isAnyEndable).first(map: { _ in true }) != nil else { return ([], []) }
            var (first, unreadable): ([JobRow], [Int64]) = ([], [])
            var tenant = TenantID("")
            while first.count < limit {
                let next = try db.sql(Self.selectNextEnding).first(.tenant(tenant)) {
                    (tenant: TenantID($0.text(0)), seq: $0.int64(1))
                }
                // One that is no UTF-8 reads as another, and would be found for ever.
                guard let next, next.tenant > tenant else { break }
                tenant = next.tenant
                let row = try JobRow.find(seq: next.seq, db)
                if row == nil { unreadable.append(next.seq) }
                if let row, row.phase == .endable, try Self.mayEnd(row, db) { first.append(row) }
            }
            var found = first
            for row in first where found.count < limit {
                let later = try db.sql(Self.selectEndableAfter).all(
                    .tenant(row.job.tenantID), .int(row.seq), .int(limit - found.count)
                ) { (row: JobRow($0), unreadable: JobRow.unreadable($0)) }
                found += later.compactMap(\.row)
                unreadable += later.compactMap(\.unreadable)
            }
            return (found.map(\.job), unreadable)
        }
        return try await replaceIDs(of: unreadable, for: "endable") ? try await endable(limit: limit) : found
    }

    package func endedWithLedger(endedBefore: Timestamp, limit: Int) async throws -> [JobID] {
        let rows = try await read { db in
            try db.sql(Self.selectLedgered).all(.int(limit)) { (seq: $0.int64(1), id: JobID(stored: $0.text(0))) }
        }
        guard try await !replaceIDs(of: rows.filter { $0.id == nil }.map(\.seq), for: "endedWithLedger") else {
            return try await self.endedWithLedger(endedBefore: endedBefore, limit: limit)
        }
        return rows.compactMap(\.id)
    }

    package func ledgerForgotten(_ jobs: [JobID]) async throws {
        guard !jobs.isEmpty else { return }
        try await writer.write { [self] context in
            for id in jobs {
                try context.sql(Self.closeJob).run(.text(id.text))
                // Idempotent: a job already closed, or pruned, is ignored. An open one must keep its ledger.
                guard context.db.changesCount == 0,
                    let phase = try context.sql(Self.selectPhase).first(.text(id.text), map: { $0.int(0) }),
                    phase != JobPhase.closed.rawValue
                else { continue }
                let state = JobPhase(rawValue: phase).map { "\($0)" } ?? "phase \(phase)"
                report(ImpossibleTransition(.job, id.text, in: state, met: "ledgerForgotten"))
            }
        }
    }

    static let selectEarlierEnding = """
        SELECT 1 FROM jobs INDEXED BY jobs_ending WHERE tenant_id = ?1 AND phase IN (1, 2) AND seq < ?2 LIMIT 1
        """
    static let selectEarlierWorking = """
        SELECT 1 FROM jobs INDEXED BY jobs_lane WHERE tenant_id = ?1 AND phase = 0 AND seq < ?2 LIMIT 1
        """
    static let selectLaterEnding = """
        SELECT 1 FROM jobs INDEXED BY jobs_ending WHERE tenant_id = ?1 AND phase IN (1, 2) AND seq > ?2 LIMIT 1
        """
    static let isAnyEndable = "SELECT 1 FROM jobs INDEXED BY jobs_endable WHERE phase = 2 LIMIT 1"
    /// The first of the next tenant that has any.
    static let selectNextEnding = """
        SELECT tenant_id, seq FROM jobs INDEXED BY jobs_ending WHERE phase IN (1, 2) AND tenant_id > ?1
        ORDER BY tenant_id, seq LIMIT 1
        """
    static let selectEndableAfter = """
        SELECT \(JobRow.columns) FROM jobs INDEXED BY jobs_ending
        WHERE tenant_id = ?1 AND phase IN (1, 2) AND seq > ?2 AND phase = 2 ORDER BY seq LIMIT ?3
        """
    static let selectLedgered = "SELECT id, seq FROM jobs INDEXED BY jobs_ledger WHERE phase = 3 ORDER BY seq LIMIT ?1"
    private static let writeWarnings = "UPDATE jobs SET warnings = ?2 WHERE seq = ?1"
    private static let selectPhase = "SELECT phase FROM jobs WHERE id = ?1"
    private static let closeJob = "UPDATE jobs SET phase = 4 WHERE id = ?1 AND phase = 3"
}
