import JobQueue
import SQLiteSupport
import SyncModel

/// Jobs whose row says that something is open where the tables hold nothing of it: something else has written to the file. Left
/// alone, such a job would never end, and its tenant would wait for it for ever.
extension SQLiteJobQueue {
    /// Corrects the row of a job that has not ended, if it says so wrongly, and reports it. If nothing of the job is left it is to
    /// be ended: the users without a result count as cancelled, as those whose records are lost do.
    /// - Returns: whether it was wrong.
    func isCorrected(_ seq: Int64, for event: String, in context: WriteContext) throws -> Bool {
        guard let before = try JobRow.find(seq: seq, context.db), try isWrong(before, in: context) else { return false }
        report(ImpossibleTransition(.job, before.job.id.text, in: "open without an open batch", met: event))
        var row = before
        if let first = try OpenBatch.first(of: before.batchKey, from: 0, context.db) {
            // Open ones stand before the one from which on they are looked for.
            row.nextBatch = first
        } else {
            let lost = max(0, row.job.totalUsers - row.job.counts.settled)
            row.job.counts.cancelled += lost
            row.job.batchesDone = row.job.batches
            row.deferred = 0
            row.phase = .endable
            context.backlog(row.job.tenantID, pendingUsers: -lost)
            unpend(lost, in: context)
            context.afterCommit { [self] in notify { $0.jobWaiting() } }
        }
        try row.write(over: before, in: context)
        return true
    }

    /// Whether users of the job have no result although neither a batch of it is open nor a user waits for the last pass.
    private func isWrong(_ row: JobRow, in context: WriteContext) throws -> Bool {
        let isOpen = row.phase == .working || row.phase == .cancelling
        guard isOpen || row.phase == .endable && row.job.counts.settled < row.job.totalUsers,
            try OpenBatch.first(of: row.batchKey, from: row.nextBatch, context.db) == nil
        else { return false }
        guard row.deferred > 0 else { return true }
        return try context.sql(DeferredRow.select).first(.int(row.batchKey), .int(1), map: { _ in true }) == nil
    }
}
