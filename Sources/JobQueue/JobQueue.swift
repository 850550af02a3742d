package import SyncModel

/// The durable queue: holds what was acknowledged until its result has been delivered.
///
/// One protocol, one conformance suite, one driver per database. Every method that writes returns after the commit is on disk
/// (fsynced). Writes under a lease name it; if the lease is no longer held, they change nothing and report it.
///
/// Errors are `QueueError`s, or `CancellationError`: any method may throw `unavailable`, any write `refused`; others are named
/// below.
package protocol JobQueue: DeliveryOutbox, QueueHousekeeping, QueueReconciling {
    // MARK: Intake

    /// Claims an `Idempotency-Key` while its request arrives. Release the claim unless `accept` recorded the key.
    func claim(tenantID: TenantID, path: String, key: String, now: Timestamp) async throws -> IdempotencyClaim
    func releaseClaim(tenantID: TenantID, path: String, key: String) async

    /// Whether more may be accepted now, from figures kept up to date (pending users, bytes, free disk).
    func admission() -> Admission
    /// Whether the last write succeeded; a queue that is merely full is writable.
    var isWritable: Bool { get }

    /// Starts an upload too large for one `accept`. Nothing of it is visible until `accept` names it.
    func openUpload() async throws -> UploadID
    /// The same, with room reserved for this many bytes.
    /// - Throws: `QueueError.full` if there is not enough. `append` and `accept` may throw it too, whatever was reserved.
    func openUpload(expecting bytes: Int64) async throws -> UploadID
    func append(_ batches: [NewBatch], to upload: UploadID) async throws
    /// Drops a broken upload.
    func discard(_ upload: UploadID) async

    /// Turns the upload's batches and the further `batches` into a job. Returns once it is on disk; concurrent calls share a
    /// commit.
    func accept(_ job: NewJob, upload: UploadID?, batches: [NewBatch]) async throws -> Job

    // MARK: Working

    /// Tenants with a leasable batch and no outstanding lease; at most `limit`, longest waiting first.
    /// Tenants whose backoff is over become ready by this call.
    func readyTenants(now: Timestamp, limit: Int) async throws -> [TenantID]
    /// How many tenants are ready, as far as this process knows without asking the store. Read at each batch boundary of a commit.
    var readyCount: Int { get }
    /// The earliest time at which a batch in backoff becomes ready; `nil` if none waits.
    func nextRetry() async throws -> Timestamp?

    /// Leases batches of the tenants whose turn it is: those ready longest first; a tenant that was served goes behind all
    /// others. Each gets its next batches in order: of one job, or of several consecutive small ones (`LeaseRequest.smallJobs`),
    /// possibly fewer of these than exist.
    func lease(_ request: LeaseRequest, now: Timestamp) async throws -> [LeasedBatch]
    /// Reports that the batches are committed in the directory: their tenant's next batches may be leased while `finish` of these
    /// is still being written. The leases stay held until `finish` or `release`. A hint: leases no longer held are ignored.
    func unlock(_ leases: [LeaseID]) async
    /// Gives leases back as if they had not been taken; no attempt is counted. Idempotent: leases no longer held are ignored,
    /// since a worker that loses a lease also gives it back.
    func release(_ leases: [LeaseID]) async
    /// Ends batches with their results, all or none. Returns the jobs without open batches. A user of a batch without an outcome
    /// that is not deferred counts as cancelled; so does one deferred in the last pass, or after a cancel was requested.
    /// - Parameter ending: called inside the transaction for each job that has no open batch left and may end now, as for `end`:
    ///   its result ends the job in the same commit; `nil` leaves that to `end`. It may be called more than once, and must not
    ///   block.
    /// - Throws: `QueueError.leaseLost` if any of the leases is no longer held; then nothing has changed.
    func finish(
        _ batches: [FinishedBatch], now: Timestamp, ending: @escaping @Sendable (Job) -> JobEnding?
    ) async throws -> FinishedJobs
    /// Counts a failed attempt and puts the batch off until `at`. Its tenant waits with it.
    /// - Throws: `QueueError.leaseLost` if the lease is no longer held.
    func retry(_ lease: LeaseID, at: Timestamp, error: String, now: Timestamp) async throws

    /// Ends a job without open batches: state, end time, `sequence` and outbox row in one transaction.
    ///
    /// A tenant's jobs end in the order in which they took effect: a job waits until those accepted before it that have no open
    /// batch, or whose cancel was requested, have ended. `QueueObserver.jobWaiting` is called when its turn has come.
    /// - Parameter ending: called inside the transaction with the job, including the `sequence` and `endedAt` that it will get.
    ///   It may be called more than once, and must not block.
    /// - Returns: the job as it ended; `nil` if it had already ended, is unknown, or must wait.
    /// - Throws: `QueueError.refused` if it has open batches.
    func end(_ job: JobID, now: Timestamp, ending: @escaping @Sendable (Job) -> JobEnding) async throws -> Job?
    /// Jobs that have no open batch but have not ended (because of a crash); for start-up and a timer.
    func endable(limit: Int) async throws -> [Job]

    // MARK: Steering

    /// Marks the job: none of its batches is leased any more. Returns the batches that no worker holds (including those in
    /// backoff), which the caller tombstones in the directory and then drops. May be repeated. Users waiting for a last pass that
    /// has not begun are cancelled at once. During a last pass no batch is returned while a worker holds another, which may
    /// settle users of them.
    func requestCancel(_ id: JobID, now: Timestamp) async throws -> CancelRequest
    /// Ends batches of a job whose cancel was requested. Those in `applied` were applied before, as their ledger says: they keep
    /// their results. The others end unapplied, and their users count as cancelled. Batches that are held or have ended are
    /// skipped.
    /// - Parameter settledAhead: for a job in its last pass, the users settled ahead of their batch, in index order: they keep
    ///   their results too, and all other waiting users are cancelled. `nil` in its first pass.
    /// - Returns: the job if no batch is open any more, even if `batches` is empty.
    func drop(
        _ job: JobID, batches: [Int], applied: [Int: [AppliedUser]], settledAhead: [AppliedUser]?, now: Timestamp
    ) async throws -> Job?
    /// Jobs whose cancel was requested and for which `requestCancel` would return batches: because of a crash or a release, or
    /// because the batch held in the last pass has ended. Call `requestCancel` for them again and drop. For start-up, a timer and
    /// `QueueObserver.jobWaiting`.
    func cancelling(limit: Int) async throws -> [JobID]
    /// Creates a linked job with the failed users only.
    func retryFailed(of id: JobID, as newID: JobID, requestID: String, now: Timestamp) async throws -> RetryRequest

    // MARK: Inspecting

    func job(_ id: JobID) async throws -> Job?
    func jobs(_ filter: JobFilter, limit: Int, cursor: String?) async throws -> Page<Job>
    /// Results in index order.
    /// - Throws: `QueueError.badCursor` for a cursor that this queue did not issue; so do `jobs` and `deliveries`.
    func results(of id: JobID, status: ResultStatusFilter?, limit: Int, cursor: String?) async throws -> Page<UserResult>
    /// Keeps a job from being pruned while the returned value is retained: its results are being read. `nil` if this queue never
    /// prunes.
    func keepResults(of id: JobID) -> ResultsHold?
    func statistics(now: Timestamp) async throws -> QueueStatistics

    // MARK: Webhooks (sending them: DeliveryOutbox)

    /// Newest first.
    func deliveries(_ filter: DeliveryFilter, limit: Int, cursor: String?) async throws -> Page<Delivery>
    func delivery(_ id: String) async throws -> Delivery?
    /// The deliveries of a job, newest first.
    func deliveries(of job: JobID) async throws -> [Delivery]
    /// Makes a delivery due now, whatever its state; its attempts start over. False if it is unknown.
    func redeliver(_ id: String, now: Timestamp) async throws -> Bool
    /// Adds a delivery that belongs to no job (a test event).
    func add(_ delivery: NewDelivery, now: Timestamp) async throws

    // MARK: Closing (keeping house: QueueHousekeeping)

    func close() async
}

extension JobQueue {
    package func openUpload(expecting bytes: Int64) async throws -> UploadID { try await openUpload() }

    package func keepResults(of id: JobID) -> ResultsHold? { nil }

    /// Ends batches but no job. Returns the jobs without open batches, which must be logged and ended.
    package func finish(_ batches: [FinishedBatch], now: Timestamp) async throws -> [Job] {
        try await finish(batches, now: now, ending: { _ in nil }).endable
    }

    /// Ends a job in a way that does not depend on its sequence. False if it had already ended, is unknown, or must wait.
    package func end(_ ending: JobEnding, now: Timestamp) async throws -> Bool {
        try await end(ending.jobID, now: now, ending: { _ in ending }) != nil
    }

    /// Drops batches that were never applied.
    package func drop(_ job: JobID, batches: [Int], now: Timestamp) async throws -> Job? {
        try await drop(job, batches: batches, applied: [:], settledAhead: nil, now: now)
    }
}
