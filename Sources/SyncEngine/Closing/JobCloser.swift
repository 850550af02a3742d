import JobQueue
import Logging
import SyncAPI
import SyncModel
import UserDirectory

/// Ends jobs without open batches: first the row in `sync_logs`, then end state and outbox row in one transaction.
actor JobCloser {
    private let queue: any JobLeasing & JobInspection
    private let directory: any UserDirectory
    private let breaker: CircuitBreaker
    nonisolated let endings: JobEndings
    private let clock: WallClock
    private let metrics: EngineMetrics
    private let logger: Logger
    /// Jobs being ended, so that the sweep leaves them alone; true for those whose end was requested again meanwhile.
    private var closing: [JobID: Bool] = [:]

    init(
        queue: any JobLeasing & JobInspection, directory: any UserDirectory, breaker: CircuitBreaker,
        configuration: EngineConfiguration, clock: WallClock, metrics: EngineMetrics, logger: Logger
    ) {
        self.queue = queue
        self.directory = directory
        self.breaker = breaker
        self.endings = JobEndings(
            webhookURL: configuration.webhookURL, links: JobLinks(publicURL: configuration.publicURL))
        self.clock = clock
        self.metrics = metrics
        self.logger = logger
    }

    /// Ends jobs, those of a tenant in the order given. What cannot be ended now (an outage) is found again by the sweep.
    func close(_ jobs: [Job]) async {
        var mine: [Job] = []
        for job in jobs {
            // Its turn may have come since the last attempt: the task that is ending it attempts it once more.
            if closing.updateValue(closing[job.id] != nil, forKey: job.id) == nil { mine.append(job) }
        }
        while !mine.isEmpty {
            await closeOnce(mine)
            var again: [Job] = []
            for job in mine {
                if closing[job.id] == true {
                    closing[job.id] = false
                    again.append(job)
                } else {
                    closing[job.id] = nil
                }
            }
            mine = again
        }
    }

    private func closeOnce(_ jobs: [Job]) async {
        let now = clock.now()
        let refused: [JobID: String]
        do throws(DirectoryError) {
            refused = try await log(jobs, at: now)
        } catch {
            await breaker.trip(error.description, in: .endings)
            return
        }
        await breaker.worked(.endings)
        await withDiscardingTaskGroup { group in
            // In the order given: a dictionary's own order differs from run to run.
            var ofTenants = Dictionary(grouping: jobs, by: \.tenantID)
            for tenantID in jobs.map(\.tenantID) {
                guard let ofTenant = ofTenants.removeValue(forKey: tenantID) else { continue }
                group.addTask { for job in ofTenant { await self.end(job, unlogged: refused[job.id], now: now) } }
            }
        }
    }

    /// Writes the jobs' rows into `sync_logs`. The table is optional: a row that it refuses three times keeps no job open.
    /// - Returns: the error for each job that it refuses.
    private func log(_ jobs: [Job], at now: Timestamp) async throws(DirectoryError) -> [JobID: String] {
        var refused: [JobID: String] = [:]
        guard try await refusal(of: jobs, at: now) != nil else { return refused }
        // One of them was refused: write each by itself, so that it costs the others nothing.
        for job in jobs {
            var attempts = 0
            while attempts < Self.logAttempts, let text = try await refusal(of: [job], at: now) {
                attempts += 1
                refused[job.id] = attempts == Self.logAttempts ? text : nil
            }
        }
        return refused
    }

    /// `nil` if the rows were written.
    private func refusal(of jobs: [Job], at now: Timestamp) async throws(DirectoryError) -> String? {
        do throws(DirectoryError) {
            try await directory.log(jobs.map { SyncLogEntry($0, at: now) })
            return nil
        } catch .transient(let text) {
            return text
        }
    }

    private static let logAttempts = 3

    /// Announces the jobs that a commit ended, and ends those that it left without open batches.
    func close(_ jobs: FinishedJobs) async {
        for job in jobs.ended { announce(job) }
        if !jobs.endable.isEmpty { await close(jobs.endable) }
    }

    /// Counts and logs the end of a job.
    private func announce(_ job: Job) {
        metrics.ended(job)
        report(job)
    }

    /// - Parameter refusal: why it has no row in `sync_logs`.
    private func end(_ job: Job, unlogged refusal: String?, now: Timestamp) async {
        var warnings: [String] = []
        if refusal != nil { warnings.append("The CRM's table sync_logs refused the row of this job") }
        do {
            // A job that must wait for another of its tenant is reported by the queue when its turn has come.
            guard let ended = try await end(job, warnings, now: now) else { return }
            closing[job.id] = nil
            announce(ended)
            guard let refusal else { return }
            metrics.endedUnlogged()
            logger.error(
                "job ended without its row in sync_logs",
                metadata: ["job": .string(job.id.text), "error": .string(refusal)])
        } catch {
            // A process that ends: the job is ended at the next start.
            if Task.isCancelled || error is CancellationError { return }
            logger.error("job could not be ended", metadata: ["job": .string(job.id.text), "error": .string("\(error)")])
        }
    }

    /// Ends a job in the queue. If the queue refuses its webhook, it ends without one: neither it nor the tenant's later jobs
    /// stay open.
    private func end(_ job: Job, _ warnings: [String], now: Timestamp) async throws -> Job? {
        let results = try await results(of: job)
        let ending: @Sendable (Job) -> JobEnding = { [endings] in
            var ending = endings.ending(of: $0, results: results)
            if !warnings.isEmpty { ending.warning = warnings.joined(separator: "; ") }
            return ending
        }
        do {
            return try await queue.end(job.id, now: now, ending: ending)
        } catch QueueError.refused(let text) where endings.address(of: job) != nil {
            let ended = try await queue.end(job.id, now: now) {
                var ending = ending($0)
                ending.delivery = nil
                ending.warning = (warnings + ["The queue refused the webhook of this job"]).joined(separator: "; ")
                return ending
            }
            guard ended != nil else { return nil }
            logger.error(
                "job ended without its webhook", metadata: ["job": .string(job.id.text), "error": .string(text)])
            return ended
        }
    }

    /// What the job's webhook shows; `nil` if it has none.
    private func results(of job: Job) async throws -> InlineResults? {
        guard endings.address(of: job) != nil else { return nil }
        let limit = ResultDocument.webhookLimit
        let failedOnly = ResultDocument.showsFailedOnly(job, limit: limit)
        let page = try await queue.results(of: job.id, status: failedOnly ? .failed : nil, limit: limit, cursor: nil)
        return InlineResults(page.items, of: job.operation, limit: limit, failedOnly: failedOnly)
    }

    /// The integration guide's two log lines at the end of a sync: its failures, its duration.
    private func report(_ job: Job) {
        var metadata: Logger.Metadata = [
            "job": .string(job.id.text), "tenant": .string(job.tenantID.text), "operation": .string(job.operation.rawValue),
            "state": .string(job.state.rawValue), "users": .stringConvertible(job.totalUsers),
            "successful": .stringConvertible(job.counts.successful), "failed": .stringConvertible(job.counts.failed),
            "requestId": .string(job.requestID),
        ]
        if job.counts.failed > 0 {
            metadata["failedCodes"] = .dictionary(job.failedCodes.mapValues { .stringConvertible($0) })
            logger.error("sync failures detected", metadata: metadata)
        }
        let lost = LostResults.count(in: job.warnings)
        if lost > 0 {
            logger.error(
                "job ended without all its results",
                metadata: ["job": .string(job.id.text), "users": .stringConvertible(lost)])
        }
        if let ended = job.endedAt {
            metadata["durationMs"] = .stringConvertible(Int(ended.seconds(since: job.acceptedAt) * 1000))
        }
        logger.info("sync ended", metadata: metadata)
    }
}

extension SyncLogEntry {
    fileprivate init(_ job: Job, at now: Timestamp) {
        self.init(
            jobID: job.id, tenantID: job.tenantID, operation: job.operation, totalUsers: job.totalUsers, counts: job.counts,
            failedCodes: job.failedCodes, syncedAt: now)
    }
}
