package import SyncModel

/// Which batches took effect, and with which results.
package protocol BatchLedger {
    /// The batch's entry; `nil` if the batch has not been applied.
    /// - Throws: `UnreadableLedgerRow`.
    func find(_ job: JobID, _ batch: Int) throws -> BatchApplied?
    func record(_ applied: BatchApplied) throws
    func remove(_ job: JobID, _ batch: Int) throws
}

extension BatchLedger {
    /// The entry of a batch that is ended now, whatever became of it. One that cannot be read is removed, and counts as none.
    package func findOrClear(_ job: JobID, _ batch: Int) throws -> BatchApplied? {
        do {
            return try find(job, batch)
        } catch is UnreadableLedgerRow {
            try remove(job, batch)
            return nil
        }
    }
}

/// Something else has changed an entry: the batch was applied or ended, and with which results is not known. A fault of the batch, not
/// of the database.
package struct UnreadableLedgerRow: Error, CustomStringConvertible {
    package var jobID: JobID
    package var batch: Int

    package init(jobID: JobID, batch: Int) {
        self.jobID = jobID
        self.batch = batch
    }

    package var description: String { "The ledger's row of batch \(batch) of job \(jobID) cannot be read" }
}
