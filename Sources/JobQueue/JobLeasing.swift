package import SyncModel

/// How jobs are worked on: their batches are leased, applied and finished, and then they end.
package protocol JobLeasing: TimedQueue, ObservableQueue, QueueReconciling {
    /// Tenants with a leasable batch and no outstanding lease; at most `limit`, longest waiting first.
    /// Tenants whose backoff is over become ready by this call, as do those whose leases have run out.
    func readyTenants(now: Timestamp, limit: Int) async throws -> [TenantID]
    /// How many tenants are ready, as far as this process knows without asking the store. Read at each batch boundary of a commit.
    var readyCount: Int { get }
    /// The earliest time at which a batch in backoff becomes ready; `nil` if none waits.
    func nextRetry() async throws -> Timestamp?

    /// Leases batches of the tenants whose turn it is: those ready longest first; a tenant that was served goes behind all
    /// others. Each gets its next batches in order: of one job, or of several consecutive small ones (`LeaseRequest.smallJobs`),
    /// possibly fewer of these than exist.
    ///
    /// In a store that processes share, a lease ends at `LeasedBatch.expiresAt`: then it is lost, whether or not another process
    /// has taken the batch since.
    func lease(_ request: LeaseRequest, now: Timestamp) async throws -> [LeasedBatch]
    /// Has leases end no earlier than `seconds` after `now`.
    /// - Returns: those that are no longer held; the others are renewed.
    func renew(_ leases: [LeaseID], for seconds: Double, now: Timestamp) async throws -> [LeaseID]
    /// Reports that the batches are committed in the directory: their tenant's next batches may be leased while `finish` of these
    /// is still being written. The leases stay held until `finish` or `release`. A hint, with which a driver may do nothing;
    /// leases no longer held are ignored.
    func unlock(_ leases: [LeaseID]) async
    /// Gives leases back as if they had not been taken; no attempt is counted. Idempotent: leases no longer held are ignored,
    /// since a worker that loses a lease also gives it back. If the store cannot be written, they run out instead.
    func release(_ leases: [LeaseID]) async
    /// Ends the batches whose leases are held, with their results, in one commit; those whose leases are lost are left as they
    /// are, and named (`FinishedJobs.lost`). Returns the jobs without open batches. A user of a batch without an outcome that is
    /// not deferred counts as cancelled; so does one deferred in the last pass, or after a cancel was requested.
    /// - Parameter ending: called inside the transaction for each job that has no open batch left and may end now, as for `end`:
    ///   its result ends the job in the same commit; `nil` leaves that to `end`. It may be called more than once, and must not
    ///   block.
    func finish(
        _ batches: [FinishedBatch], now: Timestamp, ending: @escaping @Sendable (Job) -> JobEnding?
    ) async throws -> FinishedJobs
    /// Counts a failed attempt and puts the batch off until `at`. Its tenant waits with it; if several of its batches are put
    /// off, it waits for the last of them.
    /// - Throws: `QueueError.leaseLost` if the lease is no longer held.
    func retry(_ lease: LeaseID, at: Timestamp, error: String, now: Timestamp) async throws

    /// Ends a job without open batches: state, end time, `sequence` and outbox row in one transaction.
    ///
    /// A tenant's jobs end in the order in which they took effect, which is the order accepted: a job waits until those accepted
    /// before it that have no open batch, or whose cancel was requested, have ended. If users of it were applied, it waits for
    /// all that were accepted before it: one of those may have been applied and put off, since its results could not be
    /// written. `QueueObserver.jobWaiting` is called when its turn has come.
    /// - Parameter ending: called inside the transaction with the job, including the `sequence` and `endedAt` that it will get.
    ///   It may be called more than once, and must not block.
    /// - Returns: the job as it ended; `nil` if it had already ended, is unknown, or must wait.
    /// - Throws: `QueueError.refused` if it has open batches.
    func end(_ job: JobID, now: Timestamp, ending: @escaping @Sendable (Job) -> JobEnding) async throws -> Job?
    /// Jobs that have no open batch but have not ended (because of a crash), as far as their turn has come: of each tenant whose
    /// first one may end, that one, and only then the jobs after it, in order. So those of one tenant never hide another's. For
    /// start-up and a timer.
    func endable(limit: Int) async throws -> [Job]
}

extension JobLeasing {
    /// For leases that end with their process: there is nothing to renew.
    package func renew(_ leases: [LeaseID], for seconds: Double, now: Timestamp) async throws -> [LeaseID] { [] }

    /// Ends batches but no job. Returns the jobs without open batches, which must be logged and ended.
    /// - Throws: `QueueError.leaseLost` if one of the leases was lost; the others' batches have ended all the same.
    package func finish(_ batches: [FinishedBatch], now: Timestamp) async throws -> [Job] {
        let finished = try await finish(batches, now: now, ending: { _ in nil })
        guard finished.lost.isEmpty else { throw QueueError.leaseLost }
        return finished.endable
    }

    /// Ends a job in a way that does not depend on its sequence. False if it had already ended, is unknown, or must wait.
    package func end(_ ending: JobEnding, now: Timestamp) async throws -> Bool {
        try await end(ending.jobID, now: now, ending: { _ in ending }) != nil
    }
}
