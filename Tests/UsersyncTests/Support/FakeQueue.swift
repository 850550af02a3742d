import JobQueue
import SyncModel
import Synchronization

/// The part of a queue that watching needs, in memory.
final class FakeQueue: JobQueue {
    struct State {
        var jobs: [Job] = []
        var deliveries: [Delivery] = []
        var statistics = QueueStatistics()
        /// Results every job has, made up as they are asked for: `count` of them, every `failedEvery`-th failed.
        var resultCount = 0
        var failedEvery = 10
        /// The page of results, from 1, that cannot be read.
        var failingResultPage: Int?
        var resultPages = 0
        var jobFilter: JobFilter?
        var jobLimit: Int?
        var deliveryFilter: DeliveryFilter?
    }
    let state: Mutex<State>

    init(_ state: State = State()) { self.state = Mutex(state) }

    // MARK: Inspecting

    func job(_ id: JobID) async throws -> Job? { state.withLock { $0.jobs.first { $0.id == id } } }

    func jobs(_ filter: JobFilter, limit: Int, cursor: String?) async throws -> Page<Job> {
        let jobs = state.withLock { state in
            state.jobFilter = filter
            state.jobLimit = limit
            return state.jobs.filter { filter.state == nil || $0.state == filter.state }
        }
        return try page(of: jobs.count, limit: limit, cursor: cursor) { jobs[$0] }
    }

    func results(of id: JobID, status: ResultStatusFilter?, limit: Int, cursor: String?) async throws -> Page<UserResult> {
        let (count, step, fails) = state.withLock { state in
            state.resultPages += 1
            return (state.resultCount, state.failedEvery, state.resultPages == state.failingResultPage)
        }
        if fails { throw QueueError.unavailable("disk gone") }
        let total =
            switch status {
            case nil: count
            case .failed: count / step
            case .created: count - count / step
            case .updated: 0
            }
        return try page(of: total, limit: limit, cursor: cursor) { at in
            let index =
                switch status {
                case .failed: at * step + step - 1
                case .created: at + at / (step - 1)
                default: at
                }
            let failed = index % step == step - 1
            return UserResult(
                applied: AppliedUser(
                    index: UInt32(index), outcome: failed ? .failed : .created, code: failed ? .identityConflict : nil,
                    crmUserID: failed ? 0 : Int64(index + 1)),
                userID: "user-\(index)", email: "user\(index)@company.com")
        }
    }

    func statistics(now: Timestamp) async throws -> QueueStatistics { state.withLock { $0.statistics } }

    func deliveries(_ filter: DeliveryFilter, limit: Int, cursor: String?) async throws -> Page<Delivery> {
        let deliveries = state.withLock { state in
            state.deliveryFilter = filter
            return state.deliveries
        }
        return try page(of: deliveries.count, limit: limit, cursor: cursor) { deliveries[$0] }
    }

    func delivery(_ id: String) async throws -> Delivery? {
        state.withLock { $0.deliveries.first { $0.what.id == id } }
    }

    func deliveries(of job: JobID) async throws -> [Delivery] {
        state.withLock { $0.deliveries.filter { $0.what.jobID == job } }
    }

    private func page<Item>(of count: Int, limit: Int, cursor: String?, _ item: (Int) -> Item) throws -> Page<Item> {
        var start = 0
        if let cursor {
            guard cursor.hasPrefix("at-"), let at = Int(cursor.dropFirst(3)) else { throw QueueError.badCursor }
            start = at
        }
        let end = min(count, start + limit)
        return Page(items: (start..<max(start, end)).map(item), nextCursor: end < count ? "at-\(end)" : nil)
    }

    // MARK: What watching does not ask for

    struct NotAsked: Error {}
    func claim(tenantID: String, path: String, key: String, now: Timestamp) async throws -> IdempotencyClaim { throw NotAsked() }
    func releaseClaim(tenantID: String, path: String, key: String) async {}
    func admission() -> Admission { .open }
    func openUpload() async throws -> UploadID { throw NotAsked() }
    func append(_ batches: [NewBatch], to upload: UploadID) async throws { throw NotAsked() }
    func discard(_ upload: UploadID) async {}
    func accept(_ job: NewJob, upload: UploadID?, batches: [NewBatch]) async throws -> Job { throw NotAsked() }
    func readyTenants(now: Timestamp, limit: Int) async throws -> [String] { throw NotAsked() }
    func nextRetry() async throws -> Timestamp? { throw NotAsked() }
    func lease(_ wishes: [LeaseWish], now: Timestamp) async throws -> [LeasedBatch] { throw NotAsked() }
    func release(_ leases: [LeaseID]) async {}
    func finish(
        _ batches: [FinishedBatch], now: Timestamp, ending: @escaping @Sendable (Job) -> JobEnding?
    ) async throws -> FinishedJobs { throw NotAsked() }
    func retry(_ lease: LeaseID, at: Timestamp, error: String, now: Timestamp) async throws { throw NotAsked() }
    func end(_ ending: JobEnding, now: Timestamp) async throws -> Bool { throw NotAsked() }
    func endable(limit: Int) async throws -> [Job] { throw NotAsked() }
    func endedWithLedger(limit: Int) async throws -> [JobID] { throw NotAsked() }
    func ledgerForgotten(_ jobs: [JobID]) async throws { throw NotAsked() }
    func requestCancel(_ id: JobID, now: Timestamp) async throws -> CancelRequest { throw NotAsked() }
    func drop(_ job: JobID, batches: [Int], applied: [Int: [AppliedUser]], now: Timestamp) async throws -> Job? {
        throw NotAsked()
    }
    func cancelling(limit: Int) async throws -> [JobID] { throw NotAsked() }
    func unlock(_ leases: [LeaseID]) async {}
    var isWritable: Bool { true }
    func retryFailed(of id: JobID, as newID: JobID, requestID: String, now: Timestamp) async throws -> RetryRequest {
        throw NotAsked()
    }
    func dueDeliveries(
        now: Timestamp, limit: Int, excluding: Set<String>, excludingDestinations destinations: Set<String>
    ) async throws -> [Delivery] { throw NotAsked() }
    func nextDelivery(after now: Timestamp) async throws -> Timestamp? { throw NotAsked() }
    func record(_ attempt: DeliveryAttempt) async throws { throw NotAsked() }
    func redeliver(_ id: String, now: Timestamp) async throws -> Bool { throw NotAsked() }
    func add(_ delivery: NewDelivery, now: Timestamp) async throws { throw NotAsked() }
    func prune(jobsBefore: Timestamp, keysBefore: Timestamp, limit: Int) async throws -> Int { throw NotAsked() }
    func checkpoint() async {}
    func close() async {}
}
