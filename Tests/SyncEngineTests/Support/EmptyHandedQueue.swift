import JobQueue
import SyncModel
import Synchronization

/// A queue that says that a tenant is ready, and leases nothing. Only what the engine calls of such a queue is there.
final class EmptyHandedQueue: JobLeasing, JobControl, JobInspection {
    private let count = Atomic<Int>(0)

    /// How often it was asked for leases.
    var leases: Int { count.load(ordering: .relaxed) }

    let readyCount = 1
    let clock: WallClock

    init(clock: WallClock) { self.clock = clock }

    func lease(_ request: LeaseRequest, now: Timestamp) async throws -> [LeasedBatch] {
        count.add(1, ordering: .relaxed)
        return []
    }

    func observe(_ observer: QueueObserver) {}
    func readyTenants(now: Timestamp, limit: Int) async throws -> [TenantID] { [] }
    func nextRetry() async throws -> Timestamp? { nil }
    func endable(limit: Int) async throws -> [Job] { [] }
    func cancelling(limit: Int) async throws -> [JobID] { [] }

    private func unused() -> Never { fatalError("The engine calls this of a queue that has leased nothing") }

    func unlock(_ leases: [LeaseID]) async { unused() }
    func release(_ leases: [LeaseID]) async { unused() }
    func finish(
        _ batches: [FinishedBatch], now: Timestamp, ending: @escaping @Sendable (Job) -> JobEnding?
    ) async throws -> FinishedJobs { unused() }
    func retry(_ lease: LeaseID, at: Timestamp, error: String, now: Timestamp) async throws { unused() }
    func end(_ job: JobID, now: Timestamp, ending: @escaping @Sendable (Job) -> JobEnding) async throws -> Job? { unused() }
    func requestCancel(_ id: JobID, now: Timestamp) async throws -> CancelRequest { unused() }
    func drop(
        _ job: JobID, batches: [Int], applied: [Int: [AppliedUser]], settledAhead: [AppliedUser]?, now: Timestamp
    ) async throws -> Job? { unused() }
    func retryFailed(of id: JobID, as newID: JobID, requestID: String, now: Timestamp) async throws -> RetryRequest { unused() }
    func job(_ id: JobID) async throws -> Job? { unused() }
    func jobs(_ filter: JobFilter, limit: Int, cursor: String?) async throws -> Page<Job> { unused() }
    func results(of id: JobID, status: ResultStatusFilter?, limit: Int, cursor: String?) async throws -> Page<UserResult> {
        unused()
    }
    func statistics(now: Timestamp) async throws -> QueueStatistics { unused() }
    func deliveries(_ filter: DeliveryFilter, limit: Int, cursor: String?) async throws -> Page<Delivery> { unused() }
    func delivery(_ id: String) async throws -> Delivery? { unused() }
    func deliveries(of job: JobID) async throws -> [Delivery] { unused() }
    func redeliver(_ id: String, now: Timestamp) async throws -> Bool { unused() }
    func add(_ delivery: NewDelivery, now: Timestamp) async throws { unused() }
}
