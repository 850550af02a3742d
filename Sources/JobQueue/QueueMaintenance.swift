package import SyncModel

/// Everything that maintenance needs from the queue.
package protocol QueueMaintenance: TimedQueue {
    /// Deletes ended jobs, results and payloads older than `jobsBefore` (except with an open delivery), at most `limit` jobs, and
    /// idempotency keys older than `keysBefore`; also what was learnt of destinations before `jobsBefore`.
    /// - Returns: the number of jobs deleted.
    func prune(jobsBefore: Timestamp, keysBefore: Timestamp, limit: Int) async throws -> Int

    /// Discards uploads of any process to which nothing was appended since `before`: their processes have died. Their own is
    /// refused if it comes back after all. There are none in a store of one process, which discards at its start what
    /// the last one left.
    /// - Returns: how many there were.
    func discardAbandonedUploads(before: Timestamp) async throws -> Int

    /// Ended jobs whose ledger rows can be deleted; call `ledgerForgotten` once they are.
    /// - Parameter endedBefore: leaves time for workers that lost their leases and come late: without its rows in the ledger, they
    ///   would apply a batch again. Without meaning where leases end with their process, which leaves no such worker.
    func endedWithLedger(endedBefore: Timestamp, limit: Int) async throws -> [JobID]
    func ledgerForgotten(_ jobs: [JobID]) async throws

    /// Writes the log back into the database, at a quiet moment, where the store has one that somebody must write back.
    func checkpoint() async

    /// Does what waits for room, and makes room if the disk is short: deletes what could not be deleted before, then empties the
    /// log and gives free pages back, quiet or not. Also finds out whether a queue that could not be written can be written
    /// again.
    /// - Returns: whether the disk is short.
    func makeRoom() async -> Bool
}
