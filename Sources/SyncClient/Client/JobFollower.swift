package import SyncAPI

/// Watches a job until it has ended.
package struct JobFollower: Sendable {
    private let client: SyncClient
    private let jobID: String
    private let interval: Duration
    private let patience: Duration

    /// - Parameters:
    ///   - interval: time between two requests.
    ///   - patience: how long the server may be unreachable before following ends with an error.
    package init(
        client: SyncClient, jobID: String, interval: Duration = .milliseconds(400), patience: Duration = .seconds(60)
    ) {
        self.client = client
        self.jobID = jobID
        self.interval = interval
        self.patience = patience
    }

    /// Calls `shown` with each state of the job; returns the last one and the server's whole answer.
    package func follow(
        _ shown: (JobDocument) async throws -> Void
    ) async throws -> (job: JobDocument, answer: SyncClient.Answer) {
        let clock = ContinuousClock()
        var lostSince: ContinuousClock.Instant?
        while true {
            do {
                let answer = try await client.call(.job, id: jobID)
                let job = try answer.decoded(as: JobDocument.self)
                lostSince = nil
                try await shown(job)
                if job.hasEnded { return (job, answer) }
            } catch let error where JobFollower.mayPass(error) {
                // The job goes on without us: wait for a restarting server.
                let now = clock.now
                lostSince = lostSince ?? now
                if let lostSince, now - lostSince >= patience {
                    throw ClientFailure("\(error)\n  The job goes on; look again: usersync jobs show \(jobID)")
                }
            }
            try await Task.sleep(for: interval)
        }
    }

    /// Whether a server that restarts may be the reason.
    package static func mayPass(_ error: any Error) -> Bool {
        if error is Unreachable { return true }
        guard let refusal = error as? Refusal else { return false }
        return refusal.status == 429 || refusal.status >= 500
    }

    /// The first `limit` failed users.
    package func failedUsers(limit: Int) async throws -> [UserResultDocument] {
        try await failures(limit: limit).decoded(as: PageDocument<UserResultDocument>.self).items
    }

    /// The server's list of them.
    package func failures(limit: Int) async throws -> SyncClient.Answer {
        try await client.call(.results, id: jobID, query: [("status", "failed"), ("limit", "\(limit)")])
    }
}
