package import SyncModel

/// The CRM's users: the only place that writes them.
///
/// One protocol, one conformance suite, one driver per database. Statements on users are scoped to the tenant.
package protocol UserDirectory: Sendable {
    /// Creates or upgrades the tables. Safe to repeat: the dispatcher does so if the directory was unavailable at start.
    /// - Throws: `unavailable` during an outage; `unusable` if the tables cannot be upgraded, or what is there can be no
    ///   database.
    func prepare() async throws(DirectoryError)

    /// The best number of batches per commit when no other call waits. It may change as the table grows.
    var batchesPerCommit: Int { get }

    /// Applies batches in order, each exactly once per (job, batch number): its users and a ledger row with their outcomes are
    /// committed in one transaction. A batch that already has a ledger row returns the results in it and changes nothing.
    ///
    /// - Parameter closeEarly: asked at each batch boundary after the first; true closes the commit there and leaves the rest
    ///   undone.
    /// - Returns: one result per applied batch, for a prefix of `batches`. It ends before a tenant's next job if users of the
    ///   previous one wait for their last pass. Empty if the first batch belongs to a long last pass: the next call continues it.
    func apply(_ batches: [BatchWork], closeEarly: @escaping @Sendable () -> Bool) async throws(DirectoryError) -> [BatchApplied]

    /// Puts tombstones into the ledger for batches that must end unapplied. Returns those applied earlier, whose results stay
    /// valid.
    func tombstone(_ job: JobID, batches: [Int]) async throws(DirectoryError) -> [Int: BatchApplied]

    /// Users whose results wait for their batch's turn, in index order: the job's last pass settled them ahead of it. Call it
    /// only for a job without a batch at work; it includes users of batches that have had their turn.
    func settledAhead(of job: JobID) async throws(DirectoryError) -> [AppliedUser]

    /// Ends a batch whose attempts are exhausted: it will never be applied. Its users fail (`retries_exhausted`), except those
    /// settled ahead of it in the last pass. Their rows remain theirs, which affects other users of the job.
    /// - Parameter error: why the last attempt failed, used as each user's detail.
    /// - Returns: what is in the ledger from now on; if the batch had been applied or ended before, what was there already.
    func giveUp(_ batch: BatchWork, error: String) async throws(DirectoryError) -> BatchApplied

    /// Writes each job's `sync_logs` row. A job that already has one is skipped.
    /// - Throws: `transient` if the table refuses any of them; then none is written.
    func log(_ jobs: [SyncLogEntry]) async throws(DirectoryError)

    /// Removes the ledger rows, and the waiting users, of jobs that the queue has durably ended.
    func forget(_ jobs: [JobID]) async throws(DirectoryError)

    /// Whether the tenant has a user, whoever wrote it, or a removal that came before its user. A row that a merge left behind is no
    /// user. Does not wait for calls that write.
    func hasUsers(of tenantID: TenantID) async throws(DirectoryError) -> Bool

    /// What `merge` would do now. Reads only; does not wait for calls that write. What the database's own constraints and triggers would
    /// refuse is not known before the deed.
    func previewMerge(of tenantID: TenantID, into target: TenantID) async throws(DirectoryError) -> UserMerge

    /// Makes the users of one tenant those of another, with its early removals and its rows of `sync_logs`, in one transaction: all or
    /// nothing. Repeated, it finds nothing left to do. Call it only while no batch of either tenant is applied and no user of them waits
    /// for a last pass.
    /// - Returns: what it did; if `conflicts` is not 0, nothing was changed.
    /// - Throws: `transient` if something else than a user's row is refused: nothing was changed. After `unavailable` it may have been
    ///   done all the same: ask again.
    func merge(_ tenantID: TenantID, into target: TenantID, now: Timestamp) async throws(DirectoryError) -> UserMerge

    /// Checks whether the directory can be written now.
    func probe() async throws(DirectoryError)

    /// Writes the log back into the database, at a quiet moment, where there is one that somebody must write back.
    func checkpoint() async
    func close() async
}

extension UserDirectory {
    /// For one that cannot be asked: whoever asks must not take that for an answer.
    package func hasUsers(of tenantID: TenantID) async throws(DirectoryError) -> Bool {
        throw .unavailable("This directory does not say whether a tenant has users")
    }

    /// For one that cannot merge.
    package func previewMerge(of tenantID: TenantID, into target: TenantID) async throws(DirectoryError) -> UserMerge {
        throw .unavailable("This directory does not say what a merge would do")
    }

    /// For one that cannot merge.
    package func merge(_ tenantID: TenantID, into target: TenantID, now: Timestamp) async throws(DirectoryError) -> UserMerge {
        throw .unavailable("This directory does not merge tenants")
    }
}

/// A batch to apply.
package struct BatchWork: Sendable {
    package var jobID: JobID
    package var number: Int
    package var tenantID: TenantID
    package var operation: Operation
    package var syncTime: Timestamp
    /// True for users that waited: they are settled now, and so are those of the job's other batches that come before them.
    package var isLastPass: Bool
    /// True for the one batch of a small job: none of its users waits for a later pass, and its `sync_logs` row is written in the
    /// same transaction, so `log` need not be called unless the table refuses the row (`BatchApplied.jobLog`).
    package var isWholeJob: Bool
    /// True for a job that retries failed users of another one: part of that one's request, with its sync time.
    package var isRetry = false
    /// The ids carried by users of the job, in any of its batches. A user that meets the row of a person not among them need not
    /// wait. `nil` if unknown.
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

/// The result of a batch.
package struct BatchApplied: Sendable, Hashable {
    package var jobID: JobID
    package var number: Int
    /// In the order of the payload. Empty for a tombstone.
    package var users: [AppliedUser]
    /// Indices of users that wait for the job's last pass, as other users of the job may change their outcome.
    package var deferred: Set<UInt32>
    /// The ledger has a tombstone: nothing was done, and nothing may be.
    package var isTombstone: Bool
    /// What became of the job's row in `sync_logs`.
    package var jobLog = JobLog.due

    package enum JobLog: Sendable, Hashable {
        /// It is not written yet: the job has more than this batch, or ended another way. `log` writes it.
        case due
        /// It was written with this batch, which is a whole job.
        case written
        /// The table refuses the row of this batch, which is a whole job.
        case refused
    }

    package init(jobID: JobID, number: Int, users: [AppliedUser], deferred: Set<UInt32> = [], isTombstone: Bool = false) {
        self.jobID = jobID
        self.number = number
        self.users = users
        self.deferred = deferred
        self.isTombstone = isTombstone
    }

    /// A batch whose attempts are exhausted: all of its users failed.
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

package enum DirectoryError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The directory as a whole cannot be reached or written (busy, locked, full, read-only, corrupt, gone): an outage, no
    /// attempt.
    case unavailable(String)
    /// This call failed and may succeed when repeated: counts as an attempt at the batches.
    case transient(String)
    /// The start must stop: the message says what to fix (a schema that cannot be upgraded, repeated emails).
    case unusable(String)

    /// The message, whatever the kind.
    package var description: String {
        switch self {
        case .unavailable(let text), .transient(let text), .unusable(let text): text
        }
    }
}
