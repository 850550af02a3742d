package import SyncModel

/// What the queue shows of its jobs, their results and their webhooks.
package protocol JobInspection: Sendable {
    func job(_ id: JobID) async throws -> Job?
    /// - Parameter filter: its tenant by any of its names.
    func jobs(_ filter: JobFilter, limit: Int, cursor: String?) async throws -> Page<Job>
    /// Results in index order.
    /// - Throws: `QueueError.badCursor` for a cursor that this queue did not issue; so do `jobs` and `deliveries`.
    func results(of id: JobID, status: ResultStatusFilter?, limit: Int, cursor: String?) async throws -> Page<UserResult>
    /// Keeps a job from being pruned while the returned value is retained: its results are being read. `nil` if this queue never
    /// prunes.
    func keepResults(of id: JobID) -> ResultsHold?
    func statistics(now: Timestamp) async throws -> QueueStatistics

    /// Newest first. The tenant of the filter by any of its names.
    func deliveries(_ filter: DeliveryFilter, limit: Int, cursor: String?) async throws -> Page<Delivery>
    func delivery(_ id: String) async throws -> Delivery?
    /// The deliveries of a job, newest first.
    func deliveries(of job: JobID) async throws -> [Delivery]
}

extension JobInspection {
    package func keepResults(of id: JobID) -> ResultsHold? { nil }
}
