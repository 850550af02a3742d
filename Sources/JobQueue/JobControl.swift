package import SyncModel

/// How operators and callers steer jobs and deliveries that exist.
package protocol JobControl: Sendable {
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

    /// Makes a delivery due now, whatever its state; its attempts start over. Couriers are told that it is wanted
    /// (`QueueObserver.deliveryWanted`). False if it is unknown. A lease of it ends: an attempt
    /// under way is not counted, even if it succeeds, since the caller wants one that begins after this call.
    func redeliver(_ id: String, now: Timestamp) async throws -> Bool
    /// Does the same for dead deliveries, but as those that are due, not as wanted: the newest first, at most `limit` of them in one commit.
    ///
    /// A series of calls, each with the cursor that the last one returned, reaches a delivery at most once, even if it dies again
    /// meanwhile, and none that is newer than the first it reached.
    /// - Parameters:
    ///   - job: only deliveries of this job; likewise `tenant`, by any of its names.
    ///   - cursor: `nil` to begin a series.
    /// - Throws: `QueueError.badCursor` for a cursor that this queue did not issue.
    func redeliverDead(
        ofJob job: JobID?, ofTenant tenant: TenantID?, limit: Int, cursor: String?, now: Timestamp
    ) async throws -> Redelivered
    /// Adds a delivery that belongs to no job (a test event); it is wanted as one that is redelivered.
    func add(_ delivery: NewDelivery, now: Timestamp) async throws
}

extension JobControl {
    /// Drops batches that were never applied.
    package func drop(_ job: JobID, batches: [Int], now: Timestamp) async throws -> Job? {
        try await drop(job, batches: batches, applied: [:], settledAhead: nil, now: now)
    }
}
