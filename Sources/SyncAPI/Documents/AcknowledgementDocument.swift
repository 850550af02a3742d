package import SyncModel

/// The body of a 202: the job is on disk (Contract.md, "The acknowledgement").
package struct AcknowledgementDocument: JSONDocument {
    package var success = true
    package var message = ""
    package var jobID = ""
    /// The job's present state: a replay of an `Idempotency-Key` may find it ended.
    package var status = ""
    package var statusURL = ""
    package var tenant = TenantDocument()
    package var metadata = Metadata()
    package var warnings: [String] = []

    package struct Metadata: JSONDocument {
        package var operation = ""
        package var acceptedAt: Timestamp?
        package var totalUsers = 0
        package var batches = 0
        package var retryOf: String?

        package init() {}

        package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
            try coder.member("operation", &operation)
            try coder.nullable("acceptedAt", &acceptedAt)
            try coder.member("totalUsers", &totalUsers)
            try coder.member("batches", &batches)
            try coder.optional("retryOf", &retryOf)
        }
    }

    package init() {}

    package init(job: Job) {
        message = AcknowledgementDocument.message(of: job)
        jobID = job.id.text
        status = job.state.rawValue
        statusURL = JobLinks.path(of: job.id)
        tenant = TenantDocument(of: job)
        metadata.operation = job.operation.rawValue
        metadata.acceptedAt = job.acceptedAt
        metadata.totalUsers = job.totalUsers
        metadata.batches = job.batches
        metadata.retryOf = job.retryOf?.text
        warnings = job.warnings
    }

    private static func message(of job: Job) -> String {
        switch job.operation {
        case .userSync: "Accepted \(JobMessages.users(job.totalUsers)) for sync"
        case .userRemoval: "Accepted removal of \(JobMessages.users(job.totalUsers))"
        }
    }

    package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
        try coder.member("success", &success)
        try coder.member("message", &message)
        try coder.required("jobId", &jobID)
        try coder.member("status", &status)
        try coder.member("statusUrl", &statusURL)
        try coder.member("tenant", &tenant)
        try coder.member("metadata", &metadata)
        try coder.member("warnings", &warnings)
    }
}

extension AcknowledgementDocument {
    package static var notes: DocumentNotes {
        DocumentNotes(
            "Acknowledgement", "The job is on disk.",
            [
                "success": .constant(true),
                "message": "For people: \"Accepted 5 users for sync\".",
                "jobId": .jobID(),
                "status": .words(
                    JobState.allCases.map(\.rawValue), "queued; the present state if an Idempotency-Key was replayed."),
                "statusUrl": "Path of the job.",
                "warnings": JobDocument.warningsNote,
            ])
    }
}

extension AcknowledgementDocument.Metadata {
    package static var notes: DocumentNotes {
        DocumentNotes(
            nil, "",
            [
                "operation": .operation, "acceptedAt": .always(),
                "retryOf": .jobID("The job whose failed users this one tries again."),
            ])
    }
}

extension MemberNote {
    /// `Operation`'s words.
    static let operation = MemberNote.words(Operation.allCases.map(\.rawValue))
}
