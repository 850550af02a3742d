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
        workers = Workers(engine)
        usersPerSecond = Speed(engine)
        retrying = statistics.retrying.map(Retrying.init)
        merges = statistics.merges.map(MergeDocument.init)
        directory = DirectoryDocument(engine.directory)
        webhooks = Webhooks(
            pending: statistics.deliveriesPending, dead: statistics.deliveriesDead,
            oldestAgeSeconds: StatusDocument.age(of: statistics.oldestPendingDeliveryAt, at: now),
            lastError: statistics.lastDeliveryError)
        webhooks?.heldDestinations = statistics.destinationsHeld
        webhooks?.heldUntil = statistics.destinationsHeldUntil
        queue = Queue(statistics)
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

extension StatusDocument.Workers {
    init(_ engine: EngineStatus) {
        self.init()
        (active, idle) = (engine.workersActive, engine.workersIdle)
    }
}

extension StatusDocument.Speed {
    init(_ engine: EngineStatus) {
        self.init()
        (oneMinute, fiveMinutes) = (engine.usersPerSecond1m, engine.usersPerSecond5m)
    }
}

extension StatusDocument.Queue {
    init(_ statistics: QueueStatistics) {
        self.init()
        (bytes, walBytes, freeDiskBytes) = (statistics.bytes, statistics.logBytes, statistics.freeDiskBytes)
    }
}
