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
    private let webhookURL: String?
    private let links: JobLinks
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
        self.webhookURL = configuration.webhookURL
        self.links = JobLinks(publicURL: configuration.publicURL)
        self.clock = clock
        self.metrics = metrics
        self.logger = logger
    }

    /// Ends jobs. What cannot be ended now (an outage) is found again by the sweep.
    /// - Parameter last: batches just finished; a job that has but one of them need not be read back for its webhook.
    func close(_ jobs: [Job], last: [FinishedBatch] = []) async {
        let mine = jobs.filter { closing.insert($0.id).inserted }
        guard !mine.isEmpty else { return }
        defer { for job in mine { closing.remove(job.id) } }
        let now = clock.now()
        do throws(DirectoryError) {
            try await directory.log(mine.map { SyncLogEntry($0, at: now) })
        } catch {
            await gate.close(error.text)
            return
        }
        var single: [JobID: [UserResult]] = [:]
        for batch in last where batch.batch.number == 0 && batch.deferred.isEmpty {
            single[batch.batch.jobID] = ResultsBlob(payload: batch.batch.payload, applied: batch.users).decoded()
        }
        await withDiscardingTaskGroup { group in
            for job in mine {
                let known = job.batches == 1 ? single[job.id] : nil
                group.addTask { await self.end(job, known: known, now: now) }
            }
        }
    }

    private func end(_ job: Job, known: [UserResult]?, now: Timestamp) async {
        let state = JobState.end(of: job.counts, cancelRequested: job.cancelRequested)
        let ended = job.ended(as: state, at: now)
        do {
            let delivery = try await delivery(of: ended, known: known)
            guard try await queue.end(JobEnding(jobID: job.id, state: state, delivery: delivery), now: now) else { return }
        } catch {
            logger.error("job could not be ended", metadata: ["job": .string(job.id.text), "error": .string("\(error)")])
            return
        }
        metrics.ended(ended)
        await completions.ended(ended)
        report(ended)
    }

    private func delivery(of job: Job, known: [UserResult]?) async throws -> NewDelivery? {
        guard let url = job.callbackURL ?? webhookURL else { return nil }
        let results: [UserResult]
        if let known, known.count <= ResultDocument.webhookLimit {
            results = known
        } else {
            let failedOnly = ResultDocument.showsFailedOnly(job, limit: ResultDocument.webhookLimit)
            results = try await queue.results(
                of: job.id, status: failedOnly ? .failed : nil, limit: ResultDocument.webhookLimit, cursor: nil
            ).items
        }
        let document = WebhookDocument(job: job, results: results, links: links)
        return NewDelivery(
            id: "msg_" + job.id.text.filter { $0 != "-" }, jobID: job.id, type: document.type, url: url,
            isConfiguredURL: job.callbackURL == nil, body: document.json, tenantID: job.tenantID, source: job.source,
            traceparent: job.traceparent)
    }

    /// The guide's two log lines at the end of a sync: its failures, its duration.
    private func report(_ job: Job) {
        var metadata: Logger.Metadata = [
            "job": .string(job.id.text), "tenant": .string(job.tenantID), "operation": .string(job.operation.rawValue),
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
