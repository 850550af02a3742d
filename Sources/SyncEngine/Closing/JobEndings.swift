import JobQueue
import SyncAPI
import SyncModel

/// How a job without open batches ends, and the webhook that reports it. A value without I/O: also used inside the queue's
/// transaction.
struct JobEndings: Sendable {
    /// The configured webhook address; `nil` if none.
    let webhookURL: String?
    let links: JobLinks

    /// - Parameters:
    ///   - job: with the `sequence` and `endedAt` that it will get.
    ///   - results: those that the webhook shows; `nil` if the job must have none.
    func ending(of job: Job, results: InlineResults?) -> JobEnding {
        // Not cancelled on request: they were in the queue and are gone.
        let lost = job.cancelRequested ? 0 : job.counts.cancelled
        let state = lost > 0 ? .failed : JobState.end(of: job.counts, cancelRequested: job.cancelRequested)
        let error = lost > 0 ? "The queue has lost the records of \(lost) users" : nil
        guard let results, let url = address(of: job) else {
            return JobEnding(jobID: job.id, state: state, error: error, delivery: nil)
        }
        var ended = job.ending(as: state)
        ended.error = error
        let document = WebhookDocument(job: ended, results: results, links: links)
        var delivery = NewDelivery(
            id: "msg_" + job.id.text.filter { $0 != "-" }, jobID: job.id, type: document.type, url: url,
            isConfiguredURL: job.callbackURL == nil, body: document.json, tenantID: job.tenantID, source: job.source,
            traceparent: job.traceparent)
        if job.sentTenantID != job.tenantID { delivery.head.sentTenantID = job.sentTenantID }
        return JobEnding(jobID: job.id, state: state, error: error, delivery: delivery)
    }

    /// Prepares the ends of whole jobs as far as possible before the transaction that ends them.
    func prepared(for batches: [FinishedBatch]) -> PreparedEndings {
        var results: [JobID: InlineResults?] = [:]
        for finished in batches where finished.endsJob {
            let (batch, limit) = (finished.batch, ResultDocument.webhookLimit)
            guard batch.hasCallbackURL || webhookURL != nil else {
                results[batch.jobID] = .some(nil)
                continue
            }
            results[batch.jobID] = InlineResults(
                batch.payload.results(of: finished.users), of: batch.operation, limit: limit,
                failedOnly: finished.users.count > limit)
        }
        return PreparedEndings(endings: self, results: results)
    }

    /// The address for the job's webhook; `nil` if there is none.
    func address(of job: Job) -> String? { job.callbackURL ?? webhookURL }
}

/// The ends of the whole jobs among some finished batches.
struct PreparedEndings: Sendable {
    fileprivate let endings: JobEndings
    /// What the webhook of each shows; `nil` if it has none.
    let results: [JobID: InlineResults?]

    /// How a job without open batches ends; `nil` if it does not end with these batches. Called inside the queue's transaction.
    func ending(of job: Job) -> JobEnding? {
        guard let results = results[job.id], !job.cancelRequested, results != nil || endings.address(of: job) == nil else {
            return nil
        }
        return endings.ending(of: job, results: results)
    }
}
