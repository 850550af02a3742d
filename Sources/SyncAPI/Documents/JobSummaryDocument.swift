package import SyncModel

/// One job of a list.
package struct JobSummaryDocument: JSONDocument, PageElement {
    package static let listName: StaticString = "jobs"

    package var jobID = ""
    /// `JobState`'s word.
    package var status = ""
    package var cancelRequested = false
    package var operation = ""
    package var tenant = TenantDocument()
    package var source = ""
    package var syncType: String?
    package var counts = CountsDocument()
    package var progress = ProgressDocument()
    package var acceptedAt: Timestamp?
    package var startedAt: Timestamp?
    package var endedAt: Timestamp?
    package var sequence: Int64?
    package var retryOf: String?
    package var statusURL = ""

    package init() {}

    package init(job: Job, now: Timestamp) {
        jobID = job.id.text
        status = job.state.rawValue
        cancelRequested = job.cancelRequested
        operation = job.operation.rawValue
        tenant = TenantDocument(of: job)
        source = job.source
        syncType = job.syncType
        counts = CountsDocument(of: job)
        progress = ProgressDocument(of: job, now: now)
        acceptedAt = job.acceptedAt
        startedAt = job.startedAt
        endedAt = job.endedAt
        sequence = job.sequence
        retryOf = job.retryOf?.text
        statusURL = JobLinks.path(of: job.id)
    }

    package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
        try coder.required("jobId", &jobID)
        try coder.required("status", &status)
        try coder.member("cancelRequested", &cancelRequested)
        try coder.member("operation", &operation)
        try coder.required("tenant", &tenant)
        try coder.member("source", &source)
        try coder.nullable("syncType", &syncType)
        try counts.members(&coder)
        try coder.member("progress", &progress)
        try coder.nullable("acceptedAt", &acceptedAt)
        try coder.nullable("startedAt", &startedAt)
        try coder.nullable("endedAt", &endedAt)
        try coder.optional("sequence", &sequence)
        try coder.nullable("retryOf", &retryOf)
        try coder.member("statusUrl", &statusURL)
    }
}

extension JobSummaryDocument {
    package static let pageName = "JobList"

    package static var notes: DocumentNotes {
        DocumentNotes(
            "JobSummary", "One job of a list.",
            CountsDocument.memberNotes.merging([
                "jobId": .jobID(),
                "status": .words(JobState.allCases.map(\.rawValue)),
                "operation": .operation,
                "acceptedAt": .always(),
                "sequence": ResultDocument.sequenceNote,
                "retryOf": .jobID(),
            ]) { $1 })
    }
}
