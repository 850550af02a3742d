package import SyncModel

/// One job in full: what it is, how far it is, what went wrong, what became of its webhook; once it has ended, the integration
/// guide's response format is at the top level (Contract.md, "The result of a finished job").
@dynamicMemberLookup
package struct JobDocument: JSONDocument {
    package var result = ResultDocument()
    package var cancelRequested = false
    package var source = ""
    package var requestID = ""
    package var syncType: String?
    package var syncTime: Timestamp?
    /// Of a removal.
    package var reason: String?
    package var retryOf: String?
    package var statusURL = ""
    package var startedAt: Timestamp?
    package var endedAt: Timestamp?
    package var progress = ProgressDocument()
    /// Failed users by `FailureCode.word`.
    package var failedCodes: [String: Int] = [:]
    /// The last failed attempts at its batches, newest first.
    package var attempts: [BatchAttempt] = []
    /// `nil` while the job is open, or if no address is known.
    package var webhook: Webhook?
    package var warnings: [String] = []

    package init() {}

    /// - Parameters:
    ///   - results: of a job that has ended, as for `ResultDocument`; otherwise unused.
    ///   - webhook: `nil` while the job is open, or if no address is known.
    package init(job: Job, results: [UserResult], webhook: Webhook?, links: JobLinks, now: Timestamp) {
        result = job.state.isEnd ? ResultDocument(job: job, results: results, links: links) : ResultDocument(open: job)
        cancelRequested = job.cancelRequested
        source = job.source
        requestID = job.requestID
        syncType = job.syncType
        syncTime = job.syncTime
        reason = job.operation == .userRemoval ? job.reason : nil
        retryOf = job.retryOf?.text
        statusURL = JobLinks.path(of: job.id)
        startedAt = job.startedAt
        endedAt = job.endedAt
        progress = ProgressDocument(of: job, now: now)
        failedCodes = job.failedCodes
        attempts = job.attempts
        self.webhook = webhook
        warnings = job.warnings
    }

    package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
        try result.members(&coder)
        try coder.member("cancelRequested", &cancelRequested)
        try coder.member("source", &source)
        try coder.member("requestId", &requestID)
        try coder.nullable("syncType", &syncType)
        try coder.nullable("syncTime", &syncTime)
        if result.metadata.operation != Operation.userSync.rawValue { try coder.nullable("reason", &reason) }
        try coder.nullable("retryOf", &retryOf)
        try coder.member("statusUrl", &statusURL)
        try coder.nullable("startedAt", &startedAt)
        try coder.nullable("endedAt", &endedAt)
        try coder.member("progress", &progress)
        try coder.member("failedCodes", &failedCodes)
        try coder.member("attempts", &attempts)
        try coder.nullable("webhook", &webhook)
        try coder.member("warnings", &warnings)
    }

    package subscript<Value>(dynamicMember member: KeyPath<ResultDocument, Value>) -> Value { result[keyPath: member] }

    /// The state of the job's webhook.
    package struct Webhook: JSONDocument {
        package var id = ""
        /// `user_sync.completed` and the like.
        package var type = ""
        /// `DeliveryState`'s word.
        package var state = ""
        package var attempts = 0
        package var nextAttemptAt: Timestamp?
        package var deliveredAt: Timestamp?
        package var lastStatus: Int?
        package var lastError: String?

        package init() {}

        package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
            try coder.member("id", &id)
            try coder.member("type", &type)
            try coder.required("state", &state)
            try coder.member("attempts", &attempts)
            try coder.nullable("nextAttemptAt", &nextAttemptAt)
            try coder.nullable("deliveredAt", &deliveredAt)
            try coder.nullable("lastStatus", &lastStatus)
            try coder.nullable("lastError", &lastError)
        }
    }
}

extension BatchAttempt: JSONDocument {
    package init() { self.init(batch: 0, attempt: 0, at: Timestamp(microseconds: 0), error: "") }

    package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
        try coder.required("batch", &batch)
        try coder.required("attempt", &attempt)
        try coder.required("at", &at)
        try coder.required("error", &error)
    }
}
