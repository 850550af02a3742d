package import SyncModel

/// A job in the integration guide's response format (Contract.md, "The result of a finished job"). Of a job that is open, what is
/// known so far: no results, no end.
package struct ResultDocument: JSONDocument {
    /// The most results that an answer shows inline.
    package static let answerLimit = 1000
    /// The most results that a webhook shows inline.
    package static let webhookLimit = 100

    package var success = true
    package var message = ""
    /// Why the job failed.
    package var error: String?
    package var jobID = ""
    /// `JobState`'s word.
    package var status = ""
    package var sequence: Int64?
    package var results: InlineResults?
    /// Whether there are more results than `results` holds.
    package var resultsTruncated: Bool?
    package var resultsURL: String?
    package var tenant = TenantDocument()
    package var metadata = Metadata()
    package var syncedAt: Timestamp?

    package struct Metadata: JSONDocument {
        package var operation = ""
        package var syncedAt: Timestamp?
        package var counts = CountsDocument()
        /// Milliseconds from acceptance to the end: what the caller waited for.
        package var durationMilliseconds: Int?
        package var acceptedAt: Timestamp?

        package init() {}

        package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
            try coder.member("operation", &operation)
            try coder.optional("syncedAt", &syncedAt)
            try counts.members(&coder)
            try coder.optional("durationMs", &durationMilliseconds)
            try coder.nullable("acceptedAt", &acceptedAt)
        }
    }

    package init() {}

    /// A job that has not ended.
    package init(open job: Job) {
        message = JobMessages.message(of: job)
        jobID = job.id.text
        status = job.state.rawValue
        tenant = TenantDocument(of: job)
        metadata.operation = job.operation.rawValue
        metadata.counts = CountsDocument(of: job)
        metadata.acceptedAt = job.acceptedAt
    }

    /// - Parameters:
    ///   - job: a job that has ended: `state` and `endedAt` are those it ends with. To build the webhook before the end is
    ///     committed, set both on a copy, see `Job.ended(as:at:error:)`.
    ///   - results: in index order: all of them, or the failed ones if `showsFailedOnly`; more than `limit` are left out.
    ///   - limit: `answerLimit` or `webhookLimit`.
    package init(job: Job, results: [UserResult], limit: Int = answerLimit, links: JobLinks) {
        let results = InlineResults(
            results, of: job.operation, limit: limit, failedOnly: ResultDocument.showsFailedOnly(job, limit: limit))
        self.init(job: job, results: results, limit: limit, links: links)
    }

    /// - Parameter results: written for the same `limit`.
    init(job: Job, results: InlineResults, limit: Int, links: JobLinks) {
        self.init(open: job)
        let truncated = ResultDocument.showsFailedOnly(job, limit: limit)
        success = job.state.isSuccess
        error = job.error
        sequence = job.sequence
        self.results = results
        resultsTruncated = truncated
        resultsURL = truncated ? links.results(of: job.id) : nil
        syncedAt = job.endedAt
        metadata.syncedAt = job.endedAt
        metadata.durationMilliseconds = ResultDocument.milliseconds(of: job)
    }

    /// Whether a job has more results than fit inline, so that only the failed ones are to be fetched and shown.
    package static func showsFailedOnly(_ job: Job, limit: Int = answerLimit) -> Bool {
        job.counts.successful.saturatingAdd(job.counts.failed) > limit
    }

    /// Never negative, even if the clock has been set back.
    private static func milliseconds(of job: Job) -> Int {
        guard let endedAt = job.endedAt else { return 0 }
        return max(0, Int(endedAt.microseconds.saturatingSubtract(job.acceptedAt.microseconds) / 1000))
    }

    package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
        try coder.member("success", &success)
        try coder.member("message", &message)
        try coder.optional("error", &error)
        try coder.required("jobId", &jobID)
        try coder.required("status", &status)
        try coder.optional("sequence", &sequence)
        try coder.optional("results", &results)
        try coder.optional("resultsTruncated", &resultsTruncated)
        try coder.optional("resultsUrl", &resultsURL)
        try coder.required("tenant", &tenant)
        try coder.member("metadata", &metadata)
        try coder.optional("syncedAt", &syncedAt)
    }
}
