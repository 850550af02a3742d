import GRDB
package import SyncModel

extension SQLiteJobQueue {
    package func end(_ ending: JobEnding, now: Timestamp) async throws -> Bool {
        try await writer.write { [self] context in try end(ending, now: now, in: context) }
    }

    /// Ends a job within a transaction, its outbox row with it.
    func end(_ ending: JobEnding, now: Timestamp, in context: WriteContext) throws -> Bool {
        guard ending.state.isEnd else { throw QueueError.refused("\(ending.state.rawValue) is not the end of a job") }
        guard let row = try JobRow.find(ending.jobID, context.db), !row.job.state.isEnd else { return false }
        guard row.phase == .endable else { throw QueueError.refused("The job has open batches") }
        try context.sql(Self.endJob).run(
            .int(row.seq), .int(ending.state.code), .time(now), .text(ending.error.map { String($0.prefix(Self.errorLimit)) }),
            .int(JobPhase.ledgered.rawValue))
        context.count {
            $0[row.job.state] -= 1; $0[ending.state] += 1
        }
        context.backlog(row.job.tenantID, openJobs: -1, pendingUsers: 0)
        if let delivery = ending.delivery {
            try DeliveryRow.insert(delivery, now: now, in: context)
            context.afterCommit { [self] in notify { $0.deliveryDue() } }
        }
        return true
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
    private static let endJob = "UPDATE jobs SET state = ?2, ended_at = ?3, error = ?4, phase = ?5 WHERE seq = ?1"
    private static let closeJob = "UPDATE jobs SET phase = 4 WHERE id = ?1 AND phase = 3"
}
