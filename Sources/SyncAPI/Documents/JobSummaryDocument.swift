package import SyncModel

/// One job of a list.
package struct JobSummaryDocument: JSONDocument {
    package let job: Job
    package let now: Timestamp

    package init(job: Job, now: Timestamp) {
        self.job = job
        self.now = now
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("jobId", job.id.text)
        json.member("status", job.state.rawValue)
        json.member("cancelRequested", job.cancelRequested)
        json.member("operation", job.operation.rawValue)
        json.tenant(of: job)
        json.member("source", job.source)
        json.member("syncType", job.syncType)
        json.counts(of: job)
        json.member("progress") { JobProgress(of: job, now: now).write(to: &$0) }
        json.member("acceptedAt", job.acceptedAt)
        json.member("startedAt", job.startedAt)
        json.member("endedAt", job.endedAt)
        json.sequence(of: job)
        json.member("retryOf", job.retryOf?.text)
        json.member("statusUrl", JobLinks.path(of: job.id))
    }
}
