import Foundation
import SyncModel

/// `details` of a `sync_logs` row: the job, its users by outcome, the failed ones by code. No personal data.
struct SyncLogDetails: Encodable {
    var jobId: String
    var created: Int
    var updated: Int
    var unchanged: Int
    var stale: Int
    var removed: Int
    var failed: Int
    var cancelled: Int
    var failedCodes: [String: Int]

    init(_ entry: SyncLogEntry) {
        jobId = entry.jobID.text
        created = entry.counts.created
        updated = entry.counts.updated
        unchanged = entry.counts.unchanged
        stale = entry.counts.stale
        removed = entry.counts.removed
        failed = entry.counts.failed
        cancelled = entry.counts.cancelled
        failedCodes = entry.failedCodes
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
