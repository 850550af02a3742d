import SyncModel

/// Members that several documents of jobs share.
extension JSONWriter {
    /// `tenant{id,name}`.
    mutating func tenant(of job: Job) {
        member("tenant") { json in
            json.object { json in
                json.member("id", job.tenantID)
                json.member("name", job.tenantName)
            }
        }
    }

    /// `sequence`, once the job has ended.
    mutating func sequence(of job: Job) {
        guard let sequence = job.sequence else { return }
        member("sequence") { $0.integer(sequence) }
    }

    /// `warnings[]`.
    mutating func warnings(of job: Job) {
        member("warnings") { json in
            json.array { json in for warning in job.warnings { json.string(warning) } }
        }
    }

    /// `totalUsers`, `successful`, `failed`, a count for each other outcome, `cancelled` if there are any. Once the job has
    /// ended, `successful + failed + cancelled = totalUsers`.
    mutating func counts(of job: Job) {
        let counts = job.counts
        member("totalUsers", job.totalUsers)
        member("successful", counts.successful)
        member("failed", counts.failed)
        if counts.cancelled > 0 { member("cancelled", counts.cancelled) }
        member("created", counts.created)
        member("updated", counts.updated)
        member("unchanged", counts.unchanged)
        member("stale", counts.stale)
        member("removed", counts.removed)
    }
}
