package import SyncModel

/// How many users a job has, and with which outcome; shown among other members. Their names add up to
/// `successful + failed + cancelled = totalUsers` once the job has ended.
package struct CountsDocument: JSONDocument {
    package var totalUsers = 0
    package var byOutcome = JobCounts()

    package init() {}

    package init(of job: Job) {
        totalUsers = job.totalUsers
        byOutcome = job.counts
    }

    package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
        var successful = byOutcome.successful
        var cancelled = byOutcome.cancelled > 0 ? byOutcome.cancelled : nil
        try coder.member("totalUsers", &totalUsers)
        try coder.member("successful", &successful)
        try coder.member("failed", &byOutcome.failed)
        try coder.optional("cancelled", &cancelled)
        try coder.member("created", &byOutcome.created)
        try coder.member("updated", &byOutcome.updated)
        try coder.member("unchanged", &byOutcome.unchanged)
        try coder.member("stale", &byOutcome.stale)
        try coder.member("removed", &byOutcome.removed)
        byOutcome.cancelled = cancelled ?? 0
    }
}

extension CountsDocument {
    /// For the documents that show them among their own members.
    static let memberNotes: [String: MemberNote] = [
        "successful": "created + updated + unchanged + stale + removed",
        "cancelled": "Users dropped by a cancel; they have no result. Absent if there are none.",
        "stale": "Newer data had been applied before.",
        "removed": "Deactivated by a removal.",
    ]
}
