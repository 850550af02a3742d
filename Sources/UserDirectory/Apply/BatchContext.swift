package import SyncModel

/// What all users of a batch share.
package struct BatchContext {
    package let jobID: JobID
    package let tenantID: TenantID
    let operation: Operation
    package let syncTime: Timestamp
    let isLastPass: Bool
    let isRetry: Bool
    let carriedIDs: CarriedIDs?
    /// The time the batch is applied.
    package let moment: Timestamp
    /// Whether users of the job wait for its last pass, or did.
    var hasWaiting: Bool
    /// Whether rows that belong to users of the job keep addresses that those users did not ask for.
    var hasKeeping: Bool
    /// Whether the tenant has early removals newer than the job.
    let hasRemovals: Bool
    /// Whether rows of the tenant have a Kinde id among the platform ids: put there by an earlier version, and not moved.
    let hasMisplacedIDs: Bool

    init(_ work: BatchWork, _ store: any UserStore, at moment: Timestamp) throws {
        jobID = work.jobID
        tenantID = work.tenantID
        operation = work.operation
        syncTime = work.syncTime
        isLastPass = work.isLastPass
        isRetry = work.isRetry
        carriedIDs = work.carriedIDs ?? (work.isWholeJob ? CarriedIDs(of: work.payload) : nil)
        self.moment = moment
        hasWaiting = try store.waiting.exist(for: work.jobID)
        hasKeeping = hasWaiting ? try store.waiting.keepAddresses(in: work.jobID) : false
        hasMisplacedIDs = try store.rows.haveMisplacedIDs(in: work.tenantID)
        hasRemovals =
            work.operation == .userSync
            ? try store.removals.areNewer(than: work, at: moment) : false
    }
}
