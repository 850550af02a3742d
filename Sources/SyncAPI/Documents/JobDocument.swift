package import SyncModel

/// One job in full: what it is, how far it is, what went wrong, what became of its webhook; once it has ended, with the
/// integration guide's response format at the top level (Contract.md, "The result of a finished job").
package struct JobDocument: JSONDocument {
    package let job: Job
    package let results: [UserResult]
    package let webhook: Webhook?
    package let links: JobLinks
    package let now: Timestamp

    /// The state of the job's webhook.
    package struct Webhook: Sendable, Hashable {
        package var id: String
        /// `user_sync.completed` and the like.
        package var type: String
        /// `pending`, `delivered` or `dead`.
        package var state: String
        package var attempts: Int
        package var nextAttemptAt: Timestamp?
        package var deliveredAt: Timestamp?
        package var lastStatus: Int?
        package var lastError: String?

        package init(
            id: String, type: String, state: String, attempts: Int, nextAttemptAt: Timestamp?, deliveredAt: Timestamp?,
            lastStatus: Int?, lastError: String?
        ) {
            self.id = id
            self.type = type
            self.state = state
            self.attempts = attempts
            self.nextAttemptAt = nextAttemptAt
            self.deliveredAt = deliveredAt
            self.lastStatus = lastStatus
            self.lastError = lastError
        }
    }

    /// - Parameters:
    ///   - results: of a job that has ended, as for `ResultDocument`; otherwise unused.
    ///   - webhook: `nil` while the job is open, or if no address is known.
    package init(job: Job, results: [UserResult], webhook: Webhook?, links: JobLinks, now: Timestamp) {
        self.job = job
        self.results = results
        self.webhook = webhook
        self.links = links
        self.now = now
    }

    package func writeMembers(to json: inout JSONWriter) {
        if job.state.isEnd {
            ResultDocument(job: job, results: results, links: links).writeMembers(to: &json)
        } else {
            writeOpenMembers(to: &json)
        }
        json.member("cancelRequested", job.cancelRequested)
        json.member("source", job.source)
        json.member("requestId", job.requestID)
        json.member("syncType", job.syncType)
        json.member("syncTime", job.syncTime)
        if job.operation == .userRemoval { json.member("reason", job.reason) }
        json.member("retryOf", job.retryOf?.text)
        json.member("statusUrl", JobLinks.path(of: job.id))
        json.member("startedAt", job.startedAt)
        json.member("endedAt", job.endedAt)
        json.member("progress") { JobProgress(of: job, now: now).write(to: &$0) }
        json.member("failedCodes") { json in
            json.object { json in
                for (code, count) in job.failedCodes.sorted(by: { $0.key < $1.key }) {
                    json.member(named: code) { $0.integer(Int64(count)) }
                }
            }
        }
        json.member("attempts") { writeAttempts(to: &$0) }
        json.member("webhook") { writeWebhook(to: &$0) }
        json.warnings(of: job)
    }

    /// What an open job shows in place of the result.
    private func writeOpenMembers(to json: inout JSONWriter) {
        json.member("success", true)
        json.member("message", JobWords.message(of: job))
        json.member("jobId", job.id.text)
        json.member("status", job.state.rawValue)
        json.tenant(of: job)
        json.member("metadata") { json in
            json.object { json in
                json.member("operation", job.operation.rawValue)
                json.counts(of: job)
                json.member("acceptedAt", job.acceptedAt)
            }
        }
    }

    private func writeAttempts(to json: inout JSONWriter) {
        json.array { json in
            for attempt in job.attempts {
                json.object { json in
                    json.member("batch", attempt.batch)
                    json.member("attempt", attempt.attempt)
                    json.member("at", attempt.at)
                    json.member("error", attempt.error)
                }
            }
        }
    }

    private func writeWebhook(to json: inout JSONWriter) {
        guard let webhook else { return json.null() }
        json.object { json in
            json.member("id", webhook.id)
            json.member("type", webhook.type)
            json.member("state", webhook.state)
            json.member("attempts", webhook.attempts)
            json.member("nextAttemptAt", webhook.nextAttemptAt)
            json.member("deliveredAt", webhook.deliveredAt)
            json.member("lastStatus") { json in
                if let status = webhook.lastStatus { json.integer(Int64(status)) } else { json.null() }
            }
            json.member("lastError", webhook.lastError)
        }
    }
}
