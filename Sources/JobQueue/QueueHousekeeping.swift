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
}
