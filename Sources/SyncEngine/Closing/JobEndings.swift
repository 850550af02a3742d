import JobQueue
import SyncModel

/// How a job without open batches ends, and the webhook that says so. A value without I/O: also asked within the queue's transaction.
struct JobEndings: Sendable {
    /// The configured webhook address; `nil`: none.
    let webhookURL: String?
    let links: JobLinks

    /// - Parameters:
    ///   - job: with the `sequence` and `endedAt` that it takes.
    ///   - results: what the webhook shows of the job.
    func ending(of job: Job, results: [UserResult]) -> JobEnding {
        let state = JobState.end(of: job.counts, cancelRequested: job.cancelRequested)
        guard let url = address(of: job) else { return JobEnding(jobID: job.id, state: state, delivery: nil) }
        let document = WebhookDocument(job: job.ending(as: state), results: results, links: links)
        let delivery = NewDelivery(
            id: "msg_" + job.id.text.filter { $0 != "-" }, jobID: job.id, type: document.type, url: url,
            isConfiguredURL: job.callbackURL == nil, body: document.json, tenantID: job.tenantID, source: job.source,
            traceparent: job.traceparent)
        return JobEnding(jobID: job.id, state: state, delivery: delivery)
    }

    /// Where the job's webhook goes; `nil`: nowhere.
    func address(of job: Job) -> String? { job.callbackURL ?? webhookURL }
}
