package import SyncModel

/// The body of a 202: the job is on disk (Contract.md, "The acknowledgement").
package struct AcknowledgementDocument: JSONDocument {
    /// A replay of an `Idempotency-Key` shows the job's present state.
    package let job: Job

    package init(job: Job) { self.job = job }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("success", true)
        json.member("message", message)
        json.member("jobId", job.id.text)
        json.member("status", job.state.rawValue)
        json.member("statusUrl", JobLinks.path(of: job.id))
        json.tenant(of: job)
        json.member("metadata") { json in
            json.object { json in
                json.member("operation", job.operation.rawValue)
                json.member("acceptedAt", job.acceptedAt)
                json.member("totalUsers", job.totalUsers)
                json.member("batches", job.batches)
                if let retryOf = job.retryOf { json.member("retryOf", retryOf.text) }
            }
        }
        json.warnings(of: job)
    }

    private var message: String {
        switch job.operation {
        case .userSync: "Accepted \(JobWords.users(job.totalUsers)) for sync"
        case .userRemoval: "Accepted removal of \(JobWords.users(job.totalUsers))"
        }
    }
}
