import SyncModel

/// `details` of a `sync_logs` row: the job, its users by outcome, the failed ones by code. No personal data.
package struct SyncLogDetails {
    private let entry: SyncLogEntry

    package init(_ entry: SyncLogEntry) { self.entry = entry }

    /// One JSON object, its members in alphabetical order.
    package var json: String {
        var writer = JSONWriter()
        writer.object { json in
            json.member("cancelled", entry.counts.cancelled)
            json.member("created", entry.counts.created)
            json.member("failed", entry.counts.failed)
            json.member("failedCodes") { json in
                json.object { json in
                    for (code, count) in entry.failedCodes.sorted(by: { $0.key < $1.key }) {
                        json.member(named: code) { $0.integer(Int64(count)) }
                    }
                }
            }
            json.member("jobId", entry.jobID.text)
            json.member("removed", entry.counts.removed)
            json.member("stale", entry.counts.stale)
            json.member("unchanged", entry.counts.unchanged)
            json.member("updated", entry.counts.updated)
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
