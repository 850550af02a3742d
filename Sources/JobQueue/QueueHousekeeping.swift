package import SyncModel

/// What the janitor needs of the queue, and nothing more.
package protocol QueueHousekeeping: Sendable {
    /// Deletes ended jobs, results and payloads of before `jobsBefore` (not those with an open delivery) and idempotency keys of
    /// before `keysBefore`; at most `limit` jobs. Returns how many jobs went.
    func prune(jobsBefore: Timestamp, keysBefore: Timestamp, limit: Int) async throws -> Int

    /// Jobs that ended since and whose ledger rows may go; call `ledgerForgotten` when they went.
    func endedWithLedger(limit: Int) async throws -> [JobID]
    func ledgerForgotten(_ jobs: [JobID]) async throws

    /// Writes the log back into the database when the moment is quiet.
    func checkpoint() async

    /// Does what waits for room, and makes room where the disk is short: deletes what could not be deleted before, then empties the log and
    /// gives free pages back, quiet or not. Finds out whether the queue can be written again where it could not.
    /// - Returns: whether the disk is short.
    func makeRoom() async -> Bool
}

extension QueueHousekeeping {
    package func makeRoom() async -> Bool { false }
}
