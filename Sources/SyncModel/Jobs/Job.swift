/// A job in the queue.
package struct Job: Sendable, Hashable {
    package var id: JobID
    package var operation: Operation
    /// The tenant, by whichever of its names it was sent: order, rows and `sequence` are its.
    package var tenantID: TenantID
    /// The name under which it was sent: documents and webhooks show it.
    package var sentTenantID: TenantID
    package var tenantName: String
    package var source: String
    package var state: JobState
    package var cancelRequested: Bool
    package var syncTime: Timestamp
    package var acceptedAt: Timestamp
    package var startedAt: Timestamp?
    package var endedAt: Timestamp?
    /// Its position among the ended jobs of its tenant, from 1, in the order in which they took effect; `nil` until it has ended.
    package var sequence: Int64?
    package var totalUsers: Int
    package var batches: Int
    package var batchesDone: Int
    package var counts: JobCounts
    /// Failed users by `FailureCode.word`.
    package var failedCodes: [String: Int]
    package var callbackURL: String?
    package var traceparent: String?
    package var requestID: String
    package var warnings: [String]
    package var syncType: String?
    package var reason: String?
    package var retryOf: JobID?
    /// The last failed attempts at its batches, newest first, up to 20.
    package var attempts: [BatchAttempt]
    /// Why the job `failed`; `nil` otherwise.
    package var error: String?

    package init(
        id: JobID, operation: Operation, tenantID: TenantID, tenantName: String, source: String, state: JobState,
        syncTime: Timestamp, acceptedAt: Timestamp, totalUsers: Int, batches: Int, requestID: String
    ) {
        self.id = id
        self.operation = operation
        self.tenantID = tenantID
        self.sentTenantID = tenantID
        self.tenantName = tenantName
        self.source = source
        self.state = state
        self.cancelRequested = false
        self.syncTime = syncTime
        self.acceptedAt = acceptedAt
        self.totalUsers = totalUsers
        self.batches = batches
        self.batchesDone = 0
        self.counts = JobCounts()
        self.failedCodes = [:]
        self.requestID = requestID
        self.warnings = []
        self.attempts = []
    }
}

/// One failed attempt at one batch.
package struct BatchAttempt: Sendable, Hashable, Codable {
    /// The batch's number within the job, from 0.
    package var batch: Int
    /// Which attempt it was, from 1.
    package var attempt: Int
    package var at: Timestamp
    /// The database's error, without personal data.
    package var error: String

    package init(batch: Int, attempt: Int, at: Timestamp, error: String) {
        self.batch = batch
        self.attempt = attempt
        self.at = at
        self.error = error
    }
}

extension Timestamp: Codable {
    package init(from decoder: any Decoder) throws {
        self.init(microseconds: try decoder.singleValueContainer().decode(Int64.self))
    }
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(microseconds)
    }
}
