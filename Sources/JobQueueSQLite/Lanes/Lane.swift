import JobQueue
import SyncModel

/// A batch that a worker holds.
struct HeldBatch: Sendable, Hashable {
    var batchKey: Int64
    var seq: Int64
    var jobID: JobID
    var number: Int
    var leasedAt: Timestamp
    /// Its effects stand in the directory: the tenant's next batches may be leased while its results are still being written.
    var isUnlocked = false
}

/// A batch that waits for its next try.
struct Backoff: Sendable, Hashable {
    var jobID: JobID
    var seq: Int64
    var batch: Int
    var attempts: Int
    var until: Timestamp
    var lastError: String

    /// Whether a backoff until then has ended. One that would last longer than any does was set before the clock was set back:
    /// it must not hold the tenant for as long as that.
    static func isOver(_ until: Timestamp, at now: Timestamp) -> Bool {
        until <= now || until.seconds(since: now) > RetryPolicy.batches.cap
    }
}

/// A tenant that has work: a job in phase `working`, or a batch that is held.
struct Lane {
    /// Its place in the line; 0: it stands in none.
    var ticket: Int64 = 0
    /// A lease is being written for it.
    var isClaimed = false
    /// Reservations so far.
    var claims: Int64 = 0
    /// A job of its is in phase `working`, as of the last commit.
    var hasWork = true
    /// Beyond the held batches their job has more that may be leased before those are finished.
    var hasMore = false
    var backoff: Backoff?
    var held: [LeaseID: HeldBatch] = [:]
    /// Of `held` those not unlocked.
    var locked = 0
    /// Leases that ended so far: what was looked up before one did says nothing of what may be leased after it.
    var ended = 0

    var isReady: Bool {
        hasWork && !isClaimed && locked == 0 && backoff == nil && (held.isEmpty || hasMore)
    }

    var isIdle: Bool { !hasWork && !isClaimed && held.isEmpty }
}
