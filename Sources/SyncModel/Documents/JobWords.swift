/// Sentences about jobs, and members that several documents share.
package enum JobWords {
    /// "1 user", "5 users".
    package static func users(_ count: Int) -> String { count == 1 ? "1 user" : "\(count) users" }

    /// The `message` of a job as it stands.
    package static func message(of job: Job) -> String {
        let done = "\(job.counts.successful) of \(users(job.totalUsers))"
        let (verb, noun) =
            switch job.operation {
            case .userSync: ("Synced", "Sync")
            case .userRemoval: ("Removed", "Removal")
            }
        return switch job.state {
        case .completed, .completedWithErrors: "\(verb) \(done)"
        case .cancelled: "\(noun) cancelled after \(done)"
        case .failed: "\(noun) failed after \(done)"
        case .queued: "\(noun) of \(users(job.totalUsers)) is queued"
        case .running: "\(noun) is running: \(job.counts.settled) of \(users(job.totalUsers)) done"
        }
    }
}

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

    /// `warnings[]`.
    mutating func warnings(of job: Job) {
        member("warnings") { json in
            json.array { json in for warning in job.warnings { json.string(warning) } }
        }
    }

    /// `totalUsers`, `successful`, `failed`, a count for each other outcome, `cancelled` where any: their names add up to
    /// `successful + failed + cancelled = totalUsers` once the job has ended.
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
