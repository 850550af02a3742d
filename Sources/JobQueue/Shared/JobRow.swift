package import SyncModel

/// A row of `jobs`: the job as callers see it, and what the queue keeps with it.
package struct JobRow: Sendable {
    package var job: Job
    package var seq: Int64
    package var batchKey: Int64
    package var phase: JobPhase
    package var nextBatch: Int
    /// Users that wait for the last pass and are not in a batch yet.
    package var deferred: Int
    package var retryBatch: Int?
    package var retryAt: Timestamp?

    package init(
        job: Job, seq: Int64, batchKey: Int64, phase: JobPhase, nextBatch: Int, deferred: Int, retryBatch: Int?,
        retryAt: Timestamp?
    ) {
        self.job = job
        self.seq = seq
        self.batchKey = batchKey
        self.phase = phase
        self.nextBatch = nextBatch
        self.deferred = deferred
        self.retryBatch = retryBatch
        self.retryAt = retryAt
    }
}
