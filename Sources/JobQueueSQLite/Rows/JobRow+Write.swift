import JobQueue
import SQLiteSupport
import SyncModel

extension JobRow {
    /// Writes what progress and end change. The state is in three indexes, so it is written only if it changed.
    func write(over before: JobRow, in context: WriteContext) throws {
        let counts = job.counts
        var values: [SQLValue] = [
            .int(seq), .int(job.batchesDone), .int(nextBatch), .int(deferred), .int(counts.created), .int(counts.updated),
            .int(counts.unchanged), .int(counts.stale), .int(counts.removed), .int(counts.failed), .int(counts.cancelled),
            JSONColumn.value(job.failedCodes), .int(retryBatch), .time(retryAt), .int(phase.rawValue),
        ]
        guard job.state != before.job.state else { return try context.sql(Self.update).run(values) }
        values += [
            .int(job.state.code), .time(job.startedAt), .time(job.endedAt), .text(job.error),
            job.sequence.map { .int($0) } ?? .null,
        ]
        try context.sql(Self.updateWithState).run(values)
        context.count {
            $0[before.job.state] -= 1; $0[job.state] += 1
        }
    }

    private static let progressColumns = """
        batches_done = ?2, next_batch = ?3, deferred = ?4, created = ?5, updated = ?6, unchanged = ?7, stale = ?8, removed = ?9,
            failed = ?10, cancelled = ?11, failed_codes = ?12, retry_batch = ?13, retry_at = ?14, phase = ?15
        """
    private static let update = "UPDATE jobs SET \(progressColumns) WHERE seq = ?1"
    private static let updateWithState = """
        UPDATE jobs SET \(progressColumns), state = ?16, started_at = ?17, ended_at = ?18, error = ?19, sequence = ?20
        WHERE seq = ?1
        """
}
