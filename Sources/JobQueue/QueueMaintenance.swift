package import SyncModel

/// Everything that the janitor needs from the queue.
package protocol QueueMaintenance: TimedQueue {
    /// Deletes ended jobs, results and payloads older than `jobsBefore` (except with an open delivery), at most `limit` jobs, and
    /// idempotency keys older than `keysBefore`. Returns the number of jobs deleted.
    func prune(jobsBefore: Timestamp, keysBefore: Timestamp, limit: Int) async throws -> Int

    /// Ended jobs whose ledger rows can be deleted; call `ledgerForgotten` once they are.
    func endedWithLedger(limit: Int) async throws -> [JobID]
    func ledgerForgotten(_ jobs: [JobID]) async throws

    /// Writes the log back into the database, at a quiet moment.
    func checkpoint() async

    /// Does what waits for room, and makes room if the disk is short: deletes what could not be deleted before, then empties the
    /// log and gives free pages back, quiet or not. Also finds out whether a queue that could not be written can be written
    /// again.
    /// - Returns: whether the disk is short.
    func makeRoom() async -> Bool
}

extension QueueMaintenance {
    package func makeRoom() async -> Bool { false }
}
