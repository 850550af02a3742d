import InMemoryQueue
import JobQueue
import SyncModel

/// A process's view of a queue in memory, with another way to finish.
struct ScriptedLeasing: JobLeasing {
    typealias Finish = @Sendable () async throws -> FinishedJobs

    let base: MemoryJobQueue
    /// Called with what would be done.
    var finishing: @Sendable (_ finish: Finish) async throws -> FinishedJobs = { try await $0() }
    /// Called first.
    var refusing: @Sendable (_ batches: [FinishedBatch]) throws -> Void = { _ in }

    var clock: WallClock { base.clock }
    var readyCount: Int { base.readyCount }

    func finish(
        _ batches: [FinishedBatch], now: Timestamp, ending: @escaping @Sendable (Job) -> JobEnding?
    ) async throws -> FinishedJobs {
        try refusing(batches)
        return try await finishing { try await base.finish(batches, now: now, ending: ending) }
    }

    func observe(_ observer: QueueObserver) { base.observe(observer) }
    func readyTenants(now: Timestamp, limit: Int) async throws -> [TenantID] {
        try await base.readyTenants(now: now, limit: limit)
    }
    func nextRetry() async throws -> Timestamp? { try await base.nextRetry() }
    func lease(_ request: LeaseRequest, now: Timestamp) async throws -> [LeasedBatch] {
        try await base.lease(request, now: now)
    }
    func renew(_ leases: [LeaseID], for seconds: Double, now: Timestamp) async throws -> [LeaseID] {
        try await base.renew(leases, for: seconds, now: now)
    }
    func unlock(_ leases: [LeaseID]) async { await base.unlock(leases) }
    func release(_ leases: [LeaseID]) async { await base.release(leases) }
    func retry(_ lease: LeaseID, at moment: Timestamp, error: String, now: Timestamp) async throws {
        try await base.retry(lease, at: moment, error: error, now: now)
    }
    func end(_ job: JobID, now: Timestamp, ending: @escaping @Sendable (Job) -> JobEnding) async throws -> Job? {
        try await base.end(job, now: now, ending: ending)
    }
    func endable(limit: Int) async throws -> [Job] { try await base.endable(limit: limit) }
}
