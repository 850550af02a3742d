package import SyncModel

/// How far a job is.
package struct ProgressDocument: JSONDocument {
    package var usersDone = 0
    package var total = 0
    /// 0...100, rounded down to a tenth, so that 100 means every user.
    package var percent = 0.0
    package var batchesDone = 0
    package var batches = 0
    /// Users settled per second since the first batch started; `nil` before the first is settled.
    package var usersPerSecond: Double?
    /// Seconds until the end at the present rate; `nil` if that cannot be said.
    package var etaSeconds: Double?

    package init() {}

    /// - Parameter now: the present; the rate of a running job is measured up to it.
    package init(of job: Job, now: Timestamp) {
        usersDone = job.counts.settled
        total = job.totalUsers
        percent = ProgressDocument.percent(of: job)
        batchesDone = job.batchesDone
        batches = job.batches
        if let startedAt = job.startedAt, usersDone > 0 {
            let elapsed = (job.endedAt ?? now).seconds(since: startedAt)
            usersPerSecond = elapsed > 0 ? Double(usersDone) / elapsed : nil
        }
        if job.state == .running, let usersPerSecond {
            etaSeconds = (Double(total.saturatingSubtract(usersDone)) / usersPerSecond).rounded(.up)
        }
    }

    private static func percent(of job: Job) -> Double {
        guard job.totalUsers > 0 else { return job.state.isEnd ? 100 : 0 }
        return (Double(job.counts.settled) * 1000 / Double(job.totalUsers)).rounded(.down) / 10
    }

    package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
        try coder.member("usersDone", &usersDone)
        try coder.member("total", &total)
        try coder.member("percent", &percent)
        try coder.member("batchesDone", &batchesDone)
        try coder.member("batches", &batches)
        try coder.optional("usersPerSecond", &usersPerSecond)
        try coder.optional("etaSeconds", &etaSeconds)
    }
}

extension ProgressDocument {
    package static var notes: DocumentNotes {
        DocumentNotes(
            "Progress", "How far along a job is.",
            [
                "percent": .keywords(["maximum": 100]),
                "usersPerSecond": "Since the first batch started; absent before its end.",
                "etaSeconds": "Of a running job, at the present rate.",
            ])
    }
}
