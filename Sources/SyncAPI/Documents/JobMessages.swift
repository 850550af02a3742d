package import SyncModel

/// Sentences about jobs.
package enum JobMessages {
    /// "1 user", "5 users".
    package static func users(_ count: Int) -> String { count == 1 ? "1 user" : "\(count) users" }

    /// The `message` of a job in its present state.
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
