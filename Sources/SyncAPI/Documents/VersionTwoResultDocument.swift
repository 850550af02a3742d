package import SyncModel

/// What the platform's own code documents as the answer to a call of version 2, for a job that has ended within the wait
/// (Contract.md, "Version 2").
package struct VersionTwoResultDocument: JSONDocument {
    package var success = true
    package var message = ""
    package var data = Content()
    package var jobID = ""
    /// The job as all its other answers show it.
    package var statusURL = ""
    package var warnings: [String] = []

    package struct Content: JSONDocument {
        package var mode = ""
        package var summary = Summary()
        package var results: InlineResults?
        package var resultsTruncated = false
        package var resultsURL: String?
        package var timestamp: Timestamp?

        package init() {}

        package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
            try coder.required("mode", &mode)
            try coder.member("summary", &summary)
            try coder.optional("results", &results)
            try coder.member("resultsTruncated", &resultsTruncated)
            try coder.optional("resultsUrl", &resultsURL)
            try coder.nullable("timestamp", &timestamp)
        }
    }

    package struct Summary: JSONDocument {
        package var total = 0
        package var created = 0
        package var updated = 0
        package var failed = 0
        package var errors: [String] = []

        package init() {}

        package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
            try coder.member("total", &total)
            try coder.member("created", &created)
            try coder.member("updated", &updated)
            try coder.member("failed", &failed)
            try coder.member("errors", &errors)
        }
    }

    package init() {}

    /// - Parameters:
    ///   - job: a job that has ended.
    ///   - results: as `ResultDocument` takes them.
    package init(job: Job, mode: SyncMode, results: [UserResult], links: JobLinks) {
        let limit = ResultDocument.answerLimit
        success = !VersionTwoResultDocument.isFailure(job)
        message = JobMessages.message(of: job)
        jobID = job.id.text
        statusURL = JobLinks.path(of: job.id)
        warnings = job.warnings
        data.mode = mode.rawValue
        data.summary.total = job.totalUsers
        data.summary.created = job.counts.created
        data.summary.updated = job.counts.successful.saturatingSubtract(job.counts.created)
        data.summary.failed = job.counts.failed
        data.summary.errors = results.lazy.filter { $0.applied.outcome == .failed }.prefix(limit).map { result in
            let document = UserResultDocument(result, operation: job.operation)
            return "\(result.email ?? result.userID ?? "user \(document.index)"): \(document.error ?? document.message)"
        }
        data.resultsTruncated = ResultDocument.showsFailedOnly(job)
        data.results = InlineResults(results, of: job.operation, limit: limit, failedOnly: data.resultsTruncated)
        data.resultsURL = data.resultsTruncated ? links.results(of: job.id) : nil
        data.timestamp = job.endedAt
    }

    /// Whether the answer is a 422: there were users, and none of them is in; or the job failed or was cancelled.
    package static func isFailure(_ job: Job) -> Bool {
        !job.state.isSuccess || job.totalUsers > 0 && job.counts.successful == 0
    }

    package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
        try coder.member("success", &success)
        try coder.member("message", &message)
        try coder.member("data", &data)
        try coder.required("jobId", &jobID)
        try coder.member("statusUrl", &statusURL)
        try coder.member("warnings", &warnings)
    }
}

extension VersionTwoResultDocument {
    package static var notes: DocumentNotes {
        DocumentNotes(
            "VersionTwoResult", "A finished call of version 2, in the form that the platform documents.",
            [
                "success": "False if no user is in, or the job failed or was cancelled.",
                "message": "For people: \"Synced 4 of 5 users\".", "jobId": .jobID(),
                "statusUrl": "Path of the job.", "warnings": JobDocument.warningsNote,
            ])
    }
}

extension VersionTwoResultDocument.Content {
    package static var notes: DocumentNotes {
        DocumentNotes(
            nil, "",
            [
                "mode": .words(SyncMode.allCases.map(\.rawValue)),
                "results": .always(
                    """
                    In index order: all of them up to \(ResultDocument.answerLimit); beyond that only the failed ones, up to the \
                    same number.
                    """),
                "resultsTruncated": "True if results are left out here.",
                "resultsUrl": "Where all of them are; present if resultsTruncated. Absolute if PUBLIC_URL is set.",
                "timestamp": .always("When the job ended."),
            ])
    }
}

extension VersionTwoResultDocument.Summary {
    package static var notes: DocumentNotes {
        DocumentNotes(
            nil, "total = created + updated + failed, unless the job was cancelled.",
            [
                "updated": "Users that were there before, changed or not.",
                "errors": "\"email: text\" of the failed users among `results`.",
            ])
    }
}
