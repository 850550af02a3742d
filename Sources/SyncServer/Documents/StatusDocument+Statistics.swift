package import JobQueue
package import SyncAPI
package import SyncEngine
package import SyncModel

extension StatusDocument {
    package init(queue statistics: QueueStatistics, engine: EngineStatus, now: Timestamp) {
        self.init()
        timestamp = now
        jobs = JobsByState(statistics.jobs)
        pendingUsers = statistics.pendingUsers
        oldestPendingAgeSeconds = StatusDocument.age(of: statistics.oldestPendingAcceptedAt, at: now)
        tenants = statistics.tenants.map(Tenant.init)
        workers = Workers(active: engine.workersActive, idle: engine.workersIdle)
        usersPerSecond = Speed(oneMinute: engine.usersPerSecond1m, fiveMinutes: engine.usersPerSecond5m)
        retrying = statistics.retrying.map(Retrying.init)
        directory = DirectoryDocument(engine.directory)
        webhooks = Webhooks(
            pending: statistics.deliveriesPending, dead: statistics.deliveriesDead,
            oldestAgeSeconds: StatusDocument.age(of: statistics.oldestPendingDeliveryAt, at: now),
            lastError: statistics.lastDeliveryError)
        queue = Queue(bytes: statistics.bytes, walBytes: statistics.logBytes, freeDiskBytes: statistics.freeDiskBytes)
        draining = engine.draining
    }

    /// Seconds since `moment`, never negative.
    private static func age(of moment: Timestamp?, at now: Timestamp) -> Double? {
        moment.map { max(0, now.seconds(since: $0)) }
    }
}

extension StatusDocument.Tenant {
    init(_ backlog: TenantBacklog) {
        self.init(
            tenantID: backlog.tenantID.text, openJobs: backlog.openJobs, pendingUsers: backlog.pendingUsers,
            currentJobID: backlog.currentJob?.text)
    }
}

extension StatusDocument.Retrying {
    init(_ batch: RetryingBatch) {
        self.init(
            jobID: batch.jobID.text, tenantID: batch.tenantID.text, batch: batch.batch, attempts: batch.attempts,
            nextAttemptAt: batch.nextAttemptAt, lastError: batch.lastError)
    }
}
