package import SyncModel

/// The queue at a glance, from counters kept up to date.
package struct QueueStatistics: Sendable {
    package var jobs: [JobState: Int] = [:]
    package var pendingUsers = 0
    package var oldestPendingAcceptedAt: Timestamp?
    /// The 20 longest backlogs, longest first.
    package var tenants: [TenantBacklog] = []
    /// Batches in backoff, the next due first, up to 20.
    package var retrying: [RetryingBatch] = []
    package var deliveriesPending = 0
    package var deliveriesDead = 0
    package var oldestPendingDeliveryAt: Timestamp?
    package var lastDeliveryError: String?
    /// Destinations that asked to wait for longer than a minute and still do, and until when the longest does.
    package var destinationsHeld = 0
    package var destinationsHeldUntil: Timestamp?
    /// Merges of tenants that are under way, the oldest first.
    package var merges: [TenantMerge] = []
    /// Bytes of the queue's data.
    package var bytes: Int64 = 0
    /// Bytes of its write-ahead log; `nil` if the store keeps none of its own.
    package var logBytes: Int64?
    /// Free space on its disk; `nil` if unknown to this process.
    package var freeDiskBytes: Int64?

    package init() {}
}

package struct TenantBacklog: Sendable, Hashable {
    package var tenantID: TenantID
    package var openJobs: Int
    package var pendingUsers: Int
    /// The job it is working on.
    package var currentJob: JobID?
    package init(tenantID: TenantID, openJobs: Int, pendingUsers: Int, currentJob: JobID?) {
        self.tenantID = tenantID
        self.openJobs = openJobs
        self.pendingUsers = pendingUsers
        self.currentJob = currentJob
    }
}

package struct RetryingBatch: Sendable, Hashable {
    package var jobID: JobID
    package var tenantID: TenantID
    package var batch: Int
    package var attempts: Int
    package var nextAttemptAt: Timestamp
    package var lastError: String
    package init(jobID: JobID, tenantID: TenantID, batch: Int, attempts: Int, nextAttemptAt: Timestamp, lastError: String) {
        self.jobID = jobID
        self.tenantID = tenantID
        self.batch = batch
        self.attempts = attempts
        self.nextAttemptAt = nextAttemptAt
        self.lastError = lastError
    }
}
