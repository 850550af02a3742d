import SyncModel

/// A retry is the rest of its request: what the request has already written comes before it.
extension UserApplier {
    /// Whether a row was written by the request whose failed users are retried: it has exactly that sync time, and this job has
    /// not written to it. Another request with the same sync time counts as the same.
    func isOfTheRequest(_ row: any StoredUserRow) throws -> Bool {
        guard batch.isRetry, batch.syncTime == row.syncTime else { return false }
        guard batch.hasWaiting else { return true }
        for id in row.personIDs where try waiting.isWritten(id, in: batch.jobID) { return false }
        return true
    }

    /// In a retry: notes that the present user was applied, for other users of the retry that match the same row.
    /// - Parameter result: kept for its batch's turn.
    /// - Returns: whether there was anything to note.
    func markWritten(_ user: AppliedUser, result: [UInt8]?) throws -> Bool {
        guard batch.isRetry, batch.operation == .userSync, [.created, .updated, .unchanged].contains(user.outcome) else {
            return false
        }
        if batch.hasKeeping { try noLongerKeepsAddress() }
        guard let id = fields.personID.map({ Array($0) }) ?? metID else { return false }
        try waiting.addWritten(user.index, id: id, result: result, in: batch.jobID)
        batch.hasWaiting = true
        return true
    }
}
