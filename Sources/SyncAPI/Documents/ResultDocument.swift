package import SyncModel

/// A finished job in the integration guide's response format (Contract.md, "The result of a finished job").
package struct ResultDocument: JSONDocument {
    /// The most results that stand inline in an answer.
    package static let answerLimit = 1000
    /// The most results that stand inline in a webhook.
    package static let webhookLimit = 100

    package let job: Job
    package let results: InlineResults
    package let limit: Int
    package let links: JobLinks

    /// - Parameters:
    ///   - job: a job that has ended: `state` and `endedAt` are those it ends with. Who builds the webhook before the end is
    ///     committed sets both on a copy, see `Job.ended(as:at:error:)`.
    ///   - results: in index order: all of them, or the failed ones where `showsFailedOnly`; more than `limit` are left out.
    ///   - limit: `answerLimit` or `webhookLimit`.
    package init(job: Job, results: [UserResult], limit: Int = answerLimit, links: JobLinks) {
        let results = InlineResults(
            results, of: job.operation, limit: limit, failedOnly: ResultDocument.showsFailedOnly(job, limit: limit))
        self.init(job: job, results: results, limit: limit, links: links)
    }

    /// - Parameter results: written for the same `limit`.
    init(job: Job, results: InlineResults, limit: Int, links: JobLinks) {
        self.job = job
        self.results = results
        self.limit = limit
        self.links = links
    }

    /// Whether a job has more results than stand inline, so that the failed ones alone are to be fetched and shown.
    package static func showsFailedOnly(_ job: Job, limit: Int = answerLimit) -> Bool {
        job.counts.successful.saturatingAdd(job.counts.failed) > limit
    }

    package func writeMembers(to json: inout JSONWriter) {
        let truncated = ResultDocument.showsFailedOnly(job, limit: limit)
        json.member("success", job.state.isSuccess)
        json.member("message", JobWords.message(of: job))
        if let error = job.error { json.member("error", error) }
        json.member("jobId", job.id.text)
        json.member("status", job.state.rawValue)
        json.sequence(of: job)
        json.member("results") { $0.raw(bytes: results.json) }
        json.member("resultsTruncated", truncated)
        if truncated { json.member("resultsUrl", links.results(of: job.id)) }
        json.tenant(of: job)
        json.member("metadata") { json in
            json.object { json in
                json.member("operation", job.operation.rawValue)
                json.member("syncedAt", job.endedAt)
                json.counts(of: job)
                json.member("durationMs", durationMilliseconds)
                json.member("acceptedAt", job.acceptedAt)
            }
        }
        json.member("syncedAt", job.endedAt)
    }

    /// From acceptance to the end: what the caller waited for. Never negative, should the clock have been set back.
    private var durationMilliseconds: Int {
        guard let endedAt = job.endedAt else { return 0 }
        return max(0, Int(endedAt.microseconds.saturatingSubtract(job.acceptedAt.microseconds) / 1000))
    }
}
