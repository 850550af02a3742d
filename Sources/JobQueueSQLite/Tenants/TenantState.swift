import JobQueue
import SyncModel

/// A batch that a worker holds.
struct HeldBatch: Sendable, Hashable {
    var batchKey: Int64
    var seq: Int64
    var jobID: JobID
    var number: Int
    var leasedAt: Timestamp
    /// It is committed in the directory: the tenant's next batches may be leased while its results are still being written.
    var isUnlocked = false
    /// A write that is not committed yet has ended it.
    var isEnding = false
    /// It was given back while a write was ending it: free if that write fails.
    var isReleased = false
}

/// A batch that waits for its next attempt.
struct Backoff: Sendable, Hashable {
    var jobID: JobID
    var seq: Int64
    var batch: Int
    var attempts: Int
    var until: Timestamp
    var lastError: String

    /// Whether a backoff until then has ended. One that is further ahead than any backoff lasts was set before the clock was set
    /// back, and must not hold the tenant that long.
    static func isOver(_ until: Timestamp, at now: Timestamp) -> Bool {
        until <= now || until.seconds(since: now) > RetryPolicy.batches.cap
    }
}

/// A tenant that has work: a job in phase `working`, or a held batch.
struct TenantState {
    /// Its place in the queue of tenants; 0 if it has none.
    var ticket: Int64 = 0
    /// The call that has reserved it, while that finds a lease for it.
    var claimedBy: LeaseCall?
    /// Reservations so far.
    var claims: Int64 = 0
    /// Whether one of its jobs is in phase `working`, as of the last commit.
    var hasWork = true
    /// Their job has more batches that may be leased before the held ones are finished.
    var hasMore = false
    /// By `seq` the jobs of which a batch is in backoff. The tenant waits until all of these are over.
    var backoffs: [Int64: Backoff] = [:]
    var held: [LeaseID: HeldBatch] = [:]
    /// The number of `held` batches that are not unlocked.
    var locked = 0
    /// Leases ended so far: what was looked up before one of them ended says nothing about what may be leased after it.
    var ended = 0

    var isClaimed: Bool { claimedBy != nil }

    var isReady: Bool {
        hasWork && !isClaimed && locked == 0 && backoffs.isEmpty && (held.isEmpty || hasMore)
    }

    var isIdle: Bool { !hasWork && !isClaimed && held.isEmpty }
}
