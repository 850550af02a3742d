import GRDB
package import SyncModel
import Synchronization

extension SQLiteJobQueue {
    package func end(_ ending: JobEnding, now: Timestamp) async throws -> Bool {
        try await writer.write { [self] context in try end(ending, now: now, in: context) }
    }

    /// Ends a job within a transaction, its outbox row with it.
    func end(_ ending: JobEnding, now: Timestamp, in context: WriteContext) throws -> Bool {
        guard let before = try JobRow.find(ending.jobID, context.db), !before.job.state.isEnd else { return false }
        guard before.phase == .endable else { throw QueueError.refused("The job has open batches") }
        var row = before
        try end(&row, as: ending, now: now, in: context)
        try row.write(over: before, in: context)
        return true
    }

    /// Ends a job, and writes its outbox row; the job's row is the caller's to write, in the same transaction.
    func end(_ row: inout JobRow, as ending: JobEnding, now: Timestamp, in context: WriteContext) throws {
        guard ending.state.isEnd else { throw QueueError.refused("\(ending.state.rawValue) is not the end of a job") }
        row.job = row.job.ended(as: ending.state, at: now, error: ending.error.map { String($0.prefix(Self.errorLimit)) })
        if let warning = ending.warning {
            row.job.warnings.append(String(warning.prefix(Self.errorLimit)))
            try context.sql(Self.writeWarnings).run(.int(row.seq), JSONColumn.value(row.job.warnings))
        }
        row.phase = .ledgered
        let id = row.job.id
        context.afterCommit { [self] in carriedIDs.withLock { $0[id] = nil } }
        context.backlog(row.job.tenantID, openJobs: -1, pendingUsers: 0)
        guard let delivery = ending.delivery else { return }
        try DeliveryRow.insert(delivery, now: now, in: context)
        context.afterCommit { [self] in notify { $0.deliveryDue() } }
    }

    package func endable(limit: Int) async throws -> [Job] {
        try await read { db in try db.sql(Self.selectEndable).all(.int(limit)) { JobRow($0)?.job }.compactMap { $0 } }
    }

    package func endedWithLedger(limit: Int) async throws -> [JobID] {
        try await read { db in try db.sql(Self.selectLedgered).all(.int(limit)) { JobID($0.text(0)) }.compactMap { $0 } }
    }

    package func ledgerForgotten(_ jobs: [JobID]) async throws {
        guard !jobs.isEmpty else { return }
        try await writer.write { context in
            let close = try context.sql(Self.closeJob)
            for id in jobs { try close.run(.text(id.text)) }
        }
    }

    static let selectEndable = "SELECT \(JobRow.columns) FROM jobs INDEXED BY jobs_endable WHERE phase = 2 ORDER BY seq LIMIT ?1"
    static let selectLedgered = "SELECT id FROM jobs INDEXED BY jobs_ledger WHERE phase = 3 ORDER BY seq LIMIT ?1"
    private static let writeWarnings = "UPDATE jobs SET warnings = ?2 WHERE seq = ?1"
    private static let closeJob = "UPDATE jobs SET phase = 4 WHERE id = ?1 AND phase = 3"
}
