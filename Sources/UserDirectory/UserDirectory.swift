package import SyncModel

/// The CRM's users: the one place that writes them.
///
/// One protocol, one conformance suite, one driver a database. Every statement is scoped to the tenant.
package protocol UserDirectory: Sendable {
    /// Makes or upgrades the tables. Safe to call again; the dispatcher does so when the directory was away at start.
    func prepare() async throws(DirectoryError)

    /// How many batches a commit spans at best, where nobody else waits. It may change as the table grows.
    var batchesPerCommit: Int { get }

    /// Applies batches in the order given, each exactly once per (job, batch number): its users and a ledger row with the outcomes
    /// stand in one transaction, and a batch whose ledger row is there already returns what the ledger says and touches nothing.
    ///
    /// - Parameter closeEarly: asked at each batch boundary after the first; true closes the commit there, and the rest is left undone.
    /// - Returns: one for each batch done, a prefix of `batches`. It ends before a tenant's next job where users of the one before it
    ///   wait for their last pass. None where the first is of a last pass that is long: the next call goes on with it.
    func apply(_ batches: [BatchWork], closeEarly: @escaping @Sendable () -> Bool) async throws(DirectoryError) -> [BatchApplied]

    /// Puts tombstones into the ledger for batches that shall end unapplied. Returns those that were applied before: their results stand.
    func tombstone(_ job: JobID, batches: [Int]) async throws(DirectoryError) -> [Int: BatchApplied]

    /// Users whose results wait for their batch's turn, in index order: in a job's last pass they were settled ahead of it. Asked of a
    /// job of which no batch is at work; batches that have had their turn are told of too.
    func settledAhead(of job: JobID) async throws(DirectoryError) -> [AppliedUser]

    /// Ends a batch whose tries are spent: nobody applies it any more. Its users failed (`retries_exhausted`), but for those that were
    /// settled ahead of it in the last pass; their rows stay theirs, as others of the job learn.
    /// - Parameter error: why the last try failed, the detail of each.
    /// - Returns: what stands in the ledger from now on; what stood there, if the batch had been applied or ended before.
    func giveUp(_ batch: BatchWork, error: String) async throws(DirectoryError) -> BatchApplied

    /// Writes each job's `sync_logs` row. A job that has one already is left alone.
    /// - Throws: `transient` where the table refuses one of them: none is written then.
    func log(_ jobs: [SyncLogEntry]) async throws(DirectoryError)

    /// Removes the ledger rows of jobs (and what stands of their waiting users) that the queue has durably ended.
    func forget(_ jobs: [JobID]) async throws(DirectoryError)

    /// Asks whether the directory can be written now.
    func probe() async throws(DirectoryError)

    /// Writes the log back into the database when the moment is quiet.
    func checkpoint() async
    func close() async
}

/// A batch to be applied.
package struct BatchWork: Sendable {
    package var jobID: JobID
    package var number: Int
    package var tenantID: TenantID
    package var operation: Operation
    package var syncTime: Timestamp
    /// True for users that waited: now they are settled, and those of the job's other batches that come before them too.
    package var isLastPass: Bool
    /// True for the one batch of a small job: nobody of it waits for a last pass, and its `sync_logs` row is written in the same
    /// transaction, so that `log` need not be called, unless the table refuses it (`BatchApplied.logRefusal`).
    package var isWholeJob: Bool
    /// True for a job that tries failed users of another one again: part of that one's request, with its sync time.
    package var isRetry = false
    /// The ids that users of the job carry, in any of its batches. Who meets the row of a person that is none of them need not wait.
    /// `nil`: not known.
    package var carriedIDs: CarriedIDs?
    package var payload: BatchPayload

    package init(
        jobID: JobID, number: Int, tenantID: TenantID, operation: Operation, syncTime: Timestamp, isLastPass: Bool,
        isWholeJob: Bool = false, payload: BatchPayload
    ) {
        self.jobID = jobID
        self.number = number
        self.tenantID = tenantID
        self.operation = operation
        self.syncTime = syncTime
        self.isLastPass = isLastPass
        self.isWholeJob = isWholeJob
        self.payload = payload
    }
}

/// What became of a batch.
package struct BatchApplied: Sendable, Hashable {
    package var jobID: JobID
    package var number: Int
    /// In the order of the payload. Empty for a tombstone.
    package var users: [AppliedUser]
    /// Indices of users that wait for the job's last pass, as others of the job may change what becomes of them.
    package var deferred: Set<UInt32>
    /// A tombstone stood in the ledger: nothing was done and nothing shall be.
    package var isTombstone: Bool
    /// Of a whole job: why `sync_logs` refused its row; `nil`: it stands.
    package var logRefusal: String?

    package init(jobID: JobID, number: Int, users: [AppliedUser], deferred: Set<UInt32> = [], isTombstone: Bool = false) {
        self.jobID = jobID
        self.number = number
        self.users = users
        self.deferred = deferred
        self.isTombstone = isTombstone
    }

    /// A batch whose tries are spent: each of its users failed.
    package init(givenUp batch: BatchWork, error: String?) {
        var users: [AppliedUser] = []
        batch.payload.forEach { record in
            users.append(AppliedUser(index: record.index, outcome: .failed, code: .retriesExhausted, detail: error))
        }
        self.init(jobID: batch.jobID, number: batch.number, users: users)
    }
}

/// One row of the integration guide's `sync_logs`.
package struct SyncLogEntry: Sendable, Hashable {
    package var jobID: JobID
    package var tenantID: TenantID
    package var operation: Operation
    package var totalUsers: Int
    package var counts: JobCounts
    /// Failed users by code.
    package var failedCodes: [String: Int]
    package var syncedAt: Timestamp

    package init(
        jobID: JobID, tenantID: TenantID, operation: Operation, totalUsers: Int, counts: JobCounts,
        failedCodes: [String: Int], syncedAt: Timestamp
    ) {
        self.jobID = jobID
        self.tenantID = tenantID
        self.operation = operation
        self.totalUsers = totalUsers
        self.counts = counts
        self.failedCodes = failedCodes
        self.syncedAt = syncedAt
    }
}

package enum DirectoryError: Error, Sendable, Hashable {
    /// The directory cannot be reached or written as a whole (busy, locked, full, read-only, corrupt, gone): an outage, no try of a batch.
    case unavailable(String)
    /// This call failed and may succeed when tried again: counts as a try of the batches.
    case transient(String)
    /// The start must stop: the message names what to mend (a schema that cannot be upgraded, emails that repeat).
    case unusable(String)
}
