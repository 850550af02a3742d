package import JobQueue
package import SyncAPI
package import SyncModel

/// Fetches what a job's documents show beyond the job itself.
package struct JobViews: Sendable {
    package let queue: any JobInspection
    package let links: JobLinks
    package let clock: WallClock

    package init(queue: any JobInspection, links: JobLinks, clock: WallClock) {
        self.queue = queue
        self.links = links
        self.clock = clock
    }

    /// An ended job in the integration guide's response format.
    package func result(of job: Job) async throws -> ResultDocument {
        ResultDocument(job: job, results: try await inlineResults(of: job), links: links)
    }

    /// An ended job as callers of version 2 know it.
    package func versionTwoResult(of job: Job, mode: SyncMode) async throws -> VersionTwoResultDocument {
        VersionTwoResultDocument(job: job, mode: mode, results: try await inlineResults(of: job), links: links)
    }

    /// The job in full.
    package func document(of job: Job) async throws -> JobDocument {
        let webhook = try await queue.deliveries(of: job.id).first.map(JobDocument.Webhook.init)
        let results = job.state.isEnd ? try await inlineResults(of: job) : []
        return JobDocument(job: job, results: results, webhook: webhook, links: links, now: clock.now())
    }

    private func inlineResults(of job: Job) async throws -> [UserResult] {
        let limit = ResultDocument.answerLimit
        let status: ResultStatusFilter? = ResultDocument.showsFailedOnly(job, limit: limit) ? .failed : nil
        return try await queue.results(of: job.id, status: status, limit: limit, cursor: nil).items
    }
}
