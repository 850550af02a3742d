package import SyncModel

/// How far a job is, as callers see it.
package struct JobProgress: JSONDocument {
    package let job: Job
    package let now: Timestamp

    /// - Parameter now: the present; the rate of a running job is measured up to it.
    package init(of job: Job, now: Timestamp) {
        self.job = job
        self.now = now
    }

    /// 0...100, rounded down to a tenth, so that 100 means every user.
    package var percent: Double {
        guard job.totalUsers > 0 else { return job.state.isEnd ? 100 : 0 }
        return (Double(job.counts.settled) * 1000 / Double(job.totalUsers)).rounded(.down) / 10
    }

    /// Users settled per second since the first batch started; `nil` before the first is settled.
    package var usersPerSecond: Double? {
        guard let startedAt = job.startedAt, job.counts.settled > 0 else { return nil }
        let elapsed = (job.endedAt ?? now).seconds(since: startedAt)
        return elapsed > 0 ? Double(job.counts.settled) / elapsed : nil
    }

    /// Seconds until the end at the present rate; `nil` if unknown.
    package var etaSeconds: Double? {
        guard job.state == .running, let rate = usersPerSecond else { return nil }
        return (Double(job.totalUsers.saturatingSubtract(job.counts.settled)) / rate).rounded(.up)
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("usersDone", job.counts.settled)
        json.member("total", job.totalUsers)
        json.member("percent", percent)
        json.member("batchesDone", job.batchesDone)
        json.member("batches", job.batches)
        if let usersPerSecond { json.member("usersPerSecond", usersPerSecond) }
        if let etaSeconds { json.member("etaSeconds", etaSeconds) }
    }
}
