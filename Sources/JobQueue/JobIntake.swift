package import SyncModel

/// How jobs come into the queue.
package protocol JobIntake: TimedQueue {
    /// Claims an `Idempotency-Key` while its request arrives. Release the claim unless `accept` recorded the key, and renew it
    /// while the request goes on. The key belongs to the tenant, by whichever of its names.
    func claim(tenantID: TenantID, path: String, key: String, now: Timestamp) async throws -> IdempotencyClaim
    /// Has the claim end no earlier than its lifetime after `now`. Call it between the pieces of a body, every few seconds at most.
    /// - Throws: `QueueError.claimLost` if it is no longer held.
    func renewClaim(_ claim: KeyClaim, now: Timestamp) async throws
    /// Frees the key. A claim that is no longer held is ignored.
    func releaseClaim(_ claim: KeyClaim) async

    /// Whether more may be accepted, from figures that this process keeps (pending users, bytes, free disk). A sample: if several
    /// processes share the store, each may accept a little more than the limits before it learns of what the others accepted.
    func admission() -> Admission
    /// Whether the store takes writes: by the last write of this process, or by asking it. A queue that is merely full is writable.
    var isWritable: Bool { get async }

    /// Starts an upload too large for one `accept`. Nothing of it is visible until `accept` names it. It belongs to this process:
    /// only it may append, accept or discard it.
    func openUpload() async throws -> UploadID
    /// The same, with room reserved for this many bytes.
    /// - Throws: `QueueError.full` if there is not enough. `append` and `accept` may throw it too, whatever was reserved.
    func openUpload(expecting bytes: Int64) async throws -> UploadID
    func append(_ batches: [NewBatch], to upload: UploadID) async throws
    /// Drops a broken upload.
    func discard(_ upload: UploadID) async

    /// Turns the upload's batches and the further `batches` into a job. Returns once it is on disk; concurrent calls share a
    /// commit.
    ///
    /// Its acceptance time is later than that of every job accepted before it, by whatever process, and stands for a `syncTime`
    /// that it does not name. Otherwise, after a clock was set back, or in a process whose request took longer, users sent without
    /// a time would count as older news. (A named time needs no such help: a stored time ahead of the clock is not believed.)
    ///
    /// Whose job it is, and what its names teach, is decided in the same commit (`NamesDecision`). If one of them was learnt or set
    /// since the key was claimed, the key is recorded for the tenant as it is now.
    /// - Throws: `QueueError.claimLost` if the claim of its idempotency key is no longer held, or a job of the same tenant was accepted
    ///   under the key by another name; then nothing was accepted.
    func accept(_ job: NewJob, upload: UploadID?, batches: [NewBatch]) async throws -> Job
}

extension JobIntake {
    /// For claims that end with their process: there is nothing to renew.
    package func renewClaim(_ claim: KeyClaim, now: Timestamp) async throws {}

    package func openUpload(expecting bytes: Int64) async throws -> UploadID { try await openUpload() }
}
