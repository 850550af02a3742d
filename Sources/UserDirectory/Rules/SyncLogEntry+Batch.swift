package import SyncModel

extension SyncLogEntry {
    /// The log entry of a job of one batch.
    package init(_ work: BatchWork, _ users: [AppliedUser], at now: Timestamp) {
        var counts = JobCounts()
        var codes: [String: Int] = [:]
        for user in users {
            counts[user.outcome] += 1
            if let code = user.code { codes[code.word, default: 0] += 1 }
        }
        self.init(
            jobID: work.jobID, tenantID: work.tenantID, operation: work.operation, totalUsers: work.payload.count, counts: counts,
            failedCodes: codes, syncedAt: now)
    }
}
