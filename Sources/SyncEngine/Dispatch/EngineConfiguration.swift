package import SyncModel

/// The settings that the engine needs.
package struct EngineConfiguration: Sendable {
    /// Commit groups worked on at once (`WORKERS`).
    package var workers: Int
    /// The configured webhook address; `nil` if none.
    package var webhookURL: String?
    /// `PUBLIC_URL`, for the absolute `resultsUrl`.
    package var publicURL: String?
    package var retry: RetryPolicy
    /// Batches in one commit while no other tenant waits; `nil` for what suits the directory best. More save page writes, fewer
    /// shorten the wait of a newcomer.
    package var batchesPerCommit: Int?
    /// Small jobs of one tenant in one commit. More would delay other tenants that share it.
    package var smallJobsPerCommit: Int
    /// Tenants served by one commit.
    package var tenantsPerCommit: Int
    /// Seconds between sweeps for jobs whose end was interrupted, and for tenants whose signal was lost.
    package var sweepInterval: Double
    /// How long a lease lasts unless it is renewed, in seconds, where leases do not end with their process: so long the batches of
    /// a process that died wait for another. Renewed after a third of it.
    package var leaseSeconds: Double
    /// For how long moving the users of one tenant to another may fail before it is given up, in seconds: jobs of both wait for it.
    package var longestMergeFailure = 600.0

    package init(
        workers: Int, webhookURL: String?, publicURL: String?, retry: RetryPolicy = .batches, batchesPerCommit: Int? = nil,
        smallJobsPerCommit: Int = 32, tenantsPerCommit: Int = 64, sweepInterval: Double = 5,
        leaseSeconds: Double = 15
    ) {
        self.workers = workers
        self.webhookURL = webhookURL
        self.publicURL = publicURL
        self.retry = retry
        self.batchesPerCommit = batchesPerCommit
        self.smallJobsPerCommit = smallJobsPerCommit
        self.tenantsPerCommit = tenantsPerCommit
        self.sweepInterval = sweepInterval
        self.leaseSeconds = leaseSeconds
    }
}
