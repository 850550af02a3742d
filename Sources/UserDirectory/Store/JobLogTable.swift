/// The integration guide's `sync_logs`: one row per job. The table is optional: a refusal by it keeps no user from being synced.
package protocol JobLogTable {
    /// Why the table refuses every row just now, as far as that is known: it need not be asked.
    var standingRefusal: String? { get }

    /// Writes a job's row unless it has one. A refusal is thrown, and may end the transaction.
    func insert(_ entry: SyncLogEntry) throws
    /// The same, so that a refusal undoes nothing else.
    /// - Returns: why the table refuses the row; `nil` if it was written.
    /// - Throws: a refusal, only if it ended the transaction.
    func add(_ entry: SyncLogEntry) throws -> String?
    /// Whether an error is a refusal of the row: a constraint, the table's schema, a trigger. A failure of the whole directory is not.
    func isRefusal(_ error: any Error) -> Bool
}
