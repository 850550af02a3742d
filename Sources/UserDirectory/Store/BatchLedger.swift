package import SyncModel

/// Which batches took effect, and with which results.
package protocol BatchLedger {
    /// The batch's entry; `nil` if the batch has not been applied.
    func find(_ job: JobID, _ batch: Int) throws -> BatchApplied?
    func record(_ applied: BatchApplied) throws
}
