import JobQueue
import Logging
import SyncModel
import UserDirectory

/// Ends jobs that have no open batch: the row in `sync_logs` first, then end state and outbox row in one transaction.
actor JobCloser {
    private let queue: any JobQueue
    private let directory: any UserDirectory
    private let gate: DirectoryGate
    private let completions: JobCompletions
    nonisolated let endings: JobEndings
    private let clock: WallClock
    private let metrics: EngineMetrics
    private let logger: Logger
    /// Jobs being ended, so that the sweep leaves them alone.
    private var closing: Set<JobID> = []

    init(
        queue: any JobQueue, directory: any UserDirectory, gate: DirectoryGate, completions: JobCompletions,
        configuration: EngineConfiguration, clock: WallClock, metrics: EngineMetrics, logger: Logger
    ) {
        self.queue = queue
        self.directory = directory
        self.gate = gate
        self.completions = completions
        self.endings = JobEndings(
            webhookURL: configuration.webhookURL, links: JobLinks(publicURL: configuration.publicURL))
        self.clock = clock
        self.metrics = metrics
        self.logger = logger
    }

    /// Ends jobs. What cannot be ended now (an outage) is found again by the sweep.
    func close(_ jobs: [Job]) async {
        let mine = jobs.filter { closing.insert($0.id).inserted }
        guard !mine.isEmpty else { return }
        defer { for job in mine { closing.remove(job.id) } }
        let now = clock.now()
        do throws(DirectoryError) {
            try await directory.log(mine.map { SyncLogEntry($0, at: now) })
        } catch {
            if case .transient(let text) = error {
                // Not an outage: the sweep tries again, and users go on meanwhile.
                logger.error("sync_logs cannot be written", metadata: ["error": .string(text)])
            } else {
                await gate.close(error.text)
            }
            return
        }
        await withDiscardingTaskGroup { group in
            for job in mine { group.addTask { await self.end(job, now: now) } }
        }
    }

    /// Jobs that ended in the commit that finished their batch.
    func ended(_ jobs: [Job]) async {
        for job in jobs {
            metrics.ended(job)
            await completions.ended(job)
            report(job)
        }
    }

    private func end(_ job: Job, now: Timestamp) async {
        do {
            let ending = endings.ending(of: job, results: try await results(of: job), now: now)
            guard try await queue.end(ending, now: now) else { return }
            await ended([job.ended(as: ending.state, at: now)])
        } catch {
            logger.error("job could not be ended", metadata: ["job": .string(job.id.text), "error": .string("\(error)")])
        }
    }

    /// What the job's webhook shows; nothing where there is none.
    private func results(of job: Job) async throws -> [UserResult] {
        guard endings.address(of: job) != nil else { return [] }
        let failedOnly = ResultDocument.showsFailedOnly(job, limit: ResultDocument.webhookLimit)
        return try await queue.results(
            of: job.id, status: failedOnly ? .failed : nil, limit: ResultDocument.webhookLimit, cursor: nil
        ).items
    }

    /// The guide's two log lines at the end of a sync: its failures, its duration.
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
