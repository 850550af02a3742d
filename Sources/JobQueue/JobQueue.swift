package import SyncModel

/// The durable queue: what was acknowledged stands here until its result was delivered.
///
/// One protocol, one conformance suite, one driver a database. Every method that writes returns after the commit is on disk
/// (fsynced). Writes made under a lease name it; a lease that is no longer held changes nothing and says so.
package protocol JobQueue: DeliveryOutbox, QueueHousekeeping, QueueReconciling {
    // MARK: Intake

    /// Claims an `Idempotency-Key` while its request arrives. Release the claim unless `accept` recorded it.
    func claim(tenantID: TenantID, path: String, key: String, now: Timestamp) async throws -> IdempotencyClaim
    func releaseClaim(tenantID: TenantID, path: String, key: String) async

    /// Whether more may be accepted now, from figures that are kept (pending users, bytes, free disk).
    func admission() -> Admission
    /// Whether the last write went through; a queue that is merely full is writable.
    var isWritable: Bool { get }

    /// Starts an upload too large for one `accept`. Nothing of it is visible before `accept` names it.
    func openUpload() async throws -> UploadID
    /// The same, with room set aside for so many bytes.
    /// - Throws: `QueueError.full` where there is not as much. So may `append` and `accept`, whatever was set aside.
    func openUpload(expecting bytes: Int64) async throws -> UploadID
    func append(_ batches: [NewBatch], to upload: UploadID) async throws
    /// Drops a broken upload.
    func discard(_ upload: UploadID) async

    /// Makes the upload's batches and the further `batches` a job. Returns once the job is on disk; concurrent calls share a commit.
    func accept(_ job: NewJob, upload: UploadID?, batches: [NewBatch]) async throws -> Job

    // MARK: Working

    /// Tenants that have a batch ready to be leased at `now`, none of theirs being leased; at most `limit`, longest waiting first.
    /// Those whose backoff is over count from now on.
    func readyTenants(now: Timestamp, limit: Int) async throws -> [TenantID]
    /// How many tenants are ready, as far as this process knows without asking the store. Read at each batch boundary of a commit.
    var readyCount: Int { get }
    /// The earliest moment at which a batch in backoff becomes ready; `nil`: none waits.
    func nextRetry() async throws -> Timestamp?

    /// Leases batches of the tenants whose turn it is: the longest ready first, and whoever was served comes after all others. Of each
    /// the next batches, in order: of one job, or of several small ones that follow each other (`LeaseRequest.smallJobs`). Fewer
    /// small ones than there are may come.
    func lease(_ request: LeaseRequest, now: Timestamp) async throws -> [LeasedBatch]
    /// Says that the batches' effects stand in the directory: their tenant's next batches may be leased while `finish` of these is
    /// still being written. The leases stay held until `finish` or `release`. A hint: one that is held no more is passed over.
    func unlock(_ leases: [LeaseID]) async
    /// Gives leases back as if they had not been taken; no attempt is counted. Idempotent: who was told that a lease is lost gives it
    /// back as well, so one that is held no more is passed over.
    func release(_ leases: [LeaseID]) async
    /// Ends batches with their results, all or none. Returns the jobs that have no open batch left.
    /// A user of a batch that has no outcome and is not deferred counts as cancelled, as does one deferred in the last pass or after
    /// a cancel was requested.
    /// - Parameter ending: asked, within the transaction, for each job that has no open batch left and may end now, as `end` asks:
    ///   what it says ends the job in the same commit; `nil` leaves that to `end`. May be asked more than once, and must not wait.
    /// - Throws: `QueueError.leaseLost` where any of the leases is no longer held; nothing changed then.
    func finish(
        _ batches: [FinishedBatch], now: Timestamp, ending: @escaping @Sendable (Job) -> JobEnding?
    ) async throws -> FinishedJobs
    /// Counts a failed try and puts the batch off until `at`. Its tenant waits with it.
    func retry(_ lease: LeaseID, at: Timestamp, error: String, now: Timestamp) async throws

    /// Ends a job that has no open batch: state, end time, `sequence` and outbox row in one transaction.
    ///
    /// A tenant's jobs end in the order in which they took effect: one that was accepted later waits until those before it that are
    /// without open batch, or whose cancel was requested, have ended. `QueueObserver.jobWaiting` is told when its turn has come.
    /// - Parameter ending: asked within the transaction, of the job with the `sequence` and `endedAt` that it takes. May be asked more
    ///   than once, and must not wait.
    /// - Returns: the job as it ended; `nil`: it had ended before, is unknown, or has to wait.
    /// - Throws: `QueueError.refused` where it has open batches.
    func end(_ job: JobID, now: Timestamp, ending: @escaping @Sendable (Job) -> JobEnding) async throws -> Job?
    /// Jobs that have no open batch and have not ended (a crash came between); for start-up and a timer.
    func endable(limit: Int) async throws -> [Job]

    // MARK: Steering

    /// Marks the job: no further batch of it is leased. Returns the batches that no worker holds (those in backoff too), which the
    /// caller tombstones in the directory and then drops. May be called again. Users waiting for a last pass that has not begun are
    /// cancelled at once. In a last pass none is named as long as a worker holds another: that one may settle users of them.
    func requestCancel(_ id: JobID, now: Timestamp) async throws -> CancelRequest
    /// Ends batches of a job whose cancel was requested. Those in `applied` had been applied before (their ledger says so): their
    /// results stand. The others end unapplied: their users count as cancelled. Batches that are held or ended are passed over.
    /// - Parameter settledAhead: of a job in its last pass, users that were settled ahead of their batch, in index order: their results
    ///   stand too, and all others who wait are cancelled. `nil`: it is in its first pass.
    /// - Returns: the job if no batch is open any more, also where `batches` is empty.
    func drop(
        _ job: JobID, batches: [Int], applied: [Int: [AppliedUser]], settledAhead: [AppliedUser]?, now: Timestamp
    ) async throws -> Job?
    /// Jobs whose cancel was requested and that `requestCancel` would name batches of: a crash or a release came between, or the batch
    /// that was held in the last pass has ended.
    /// `requestCancel` them again and drop. For start-up, a timer and `QueueObserver.jobWaiting`.
    func cancelling(limit: Int) async throws -> [JobID]
    /// A linked job of the failed users alone.
    func retryFailed(of id: JobID, as newID: JobID, requestID: String, now: Timestamp) async throws -> RetryRequest

    // MARK: Inspecting

    func job(_ id: JobID) async throws -> Job?
    func jobs(_ filter: JobFilter, limit: Int, cursor: String?) async throws -> Page<Job>
    /// Results in index order.
    func results(of id: JobID, status: ResultStatusFilter?, limit: Int, cursor: String?) async throws -> Page<UserResult>
    /// Keeps a job from being pruned as long as somebody holds on to what is returned: its results are being read. `nil`: nothing is
    /// pruned here.
    func keepResults(of id: JobID) -> ResultsHold?
    func statistics(now: Timestamp) async throws -> QueueStatistics

    // MARK: Webhooks (sending them: DeliveryOutbox)

    /// Newest first.
    func deliveries(_ filter: DeliveryFilter, limit: Int, cursor: String?) async throws -> Page<Delivery>
    func delivery(_ id: String) async throws -> Delivery?
    /// The deliveries of a job, newest first.
    func deliveries(of job: JobID) async throws -> [Delivery]
    /// Makes a delivery due now, whatever its state; its attempts start anew. False: unknown.
    func redeliver(_ id: String, now: Timestamp) async throws -> Bool
    /// Adds a delivery that belongs to no job (a test event).
    func add(_ delivery: NewDelivery, now: Timestamp) async throws

    // MARK: Closing (keeping house: QueueHousekeeping)

    func close() async
}

extension JobQueue {
    package func openUpload(expecting bytes: Int64) async throws -> UploadID { try await openUpload() }

    package func keepResults(of id: JobID) -> ResultsHold? { nil }

    /// Ends batches and no job. Returns the jobs that have no open batch left: those are to be logged and ended.
    package func finish(_ batches: [FinishedBatch], now: Timestamp) async throws -> [Job] {
        try await finish(batches, now: now, ending: { _ in nil }).endable
    }

    /// Ends a job in a way that does not depend on its place. False: it had ended before, is unknown, or has to wait.
    package func end(_ ending: JobEnding, now: Timestamp) async throws -> Bool {
        try await end(ending.jobID, now: now, ending: { _ in ending }) != nil
    }

    /// Drops batches none of which had been applied.
    package func drop(_ job: JobID, batches: [Int], now: Timestamp) async throws -> Job? {
        try await drop(job, batches: batches, applied: [:], settledAhead: nil, now: now)
    }
}
