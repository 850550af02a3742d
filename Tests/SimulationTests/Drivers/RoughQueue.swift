import JobQueue
import SyncModel
import Synchronization

/// A queue as one process calls it: calls take time, fail, and lose their answers; what comes of them is told to the monitor.
final class RoughQueue: JobQueue {
    let base: any JobQueue
    let weather: Weather
    var monitor: Monitor { weather.monitor }
    /// Tenants of leases, for the notes.
    let leases = Mutex<[LeaseID: TenantID]>([:])
    /// What is called from here on has no effect.
    let isClosed = Atomic<Bool>(false)

    init(_ base: any JobQueue, weather: Weather) {
        self.base = base
        self.weather = weather
    }

    enum Kind { case read, write, sure }

    /// - Parameter isHindered: told if the call is late or goes wrong.
    func call<T: Sendable>(
        _ name: String?, _ kind: Kind, _ body: () async throws -> T, told: (T) -> Void = { _ in }, isHindered: () -> Void = {}
    ) async throws -> T {
        let faults = weather.scenario.faults
        let fate: Weather.Fate =
            switch kind {
            case .read: weather.fate(failing: faults.queueFails, losing: 0)
            case .write: weather.fate(failing: faults.queueFails, losing: faults.queueAnswerLost)
            case .sure: .goes
            }
        if case .goes = fate {} else { isHindered() }
        await weather.pass(isLate: isHindered)
        if case .fails = fate {
            note("\(name ?? "read") fails")
            throw QueueError.unavailable("simulated")
        }
        let value = try await body()
        if !weather.executor.isDead { told(value) }
        if let name { note(name) }
        if case .losesItsAnswer = fate {
            note("\(name ?? "read") loses its answer")
            throw QueueError.unavailable("the answer is lost")
        }
        return value
    }

    func note(_ text: String) { weather.executor.note(text) }

    func name(_ id: JobID) -> String { monitor.job(id).map { "\($0.tenantID).\($0.place)" } ?? "?" }

    func names(_ batches: some Sequence<LeasedBatch>) -> String {
        batches.map { "\(name($0.jobID))/\($0.number)" }.joined(separator: ", ")
    }

    var clock: WallClock { base.clock }

    var lookInterval: Double { 1 }

    func observe(_ observer: QueueObserver) { base.observe(RoughSignals(weather: weather).rough(observer)) }

    // MARK: Steering

    func requestCancel(_ id: JobID, now: Timestamp) async throws -> CancelRequest {
        try await call("cancel \(name(id))", .write) { try await base.requestCancel(id, now: now) }
    }
    func drop(
        _ job: JobID, batches: [Int], applied: [Int: [AppliedUser]], settledAhead: [AppliedUser]?, now: Timestamp
    ) async throws -> Job? {
        try await call("drop \(name(job)) \(batches)", .write) {
            try await base.drop(job, batches: batches, applied: applied, settledAhead: settledAhead, now: now)
        }
    }
    func cancelling(limit: Int) async throws -> [JobID] {
        try await call(nil, .read) { try await base.cancelling(limit: limit) }
    }
    func retryFailed(of id: JobID, as newID: JobID, requestID: String, now: Timestamp) async throws -> RetryRequest {
        try await call("retry failed \(name(id))", .write) {
            try await base.retryFailed(of: id, as: newID, requestID: requestID, now: now)
        } told: { request in
            guard case .linked(let job, existing: false) = request else { return }
            monitor.announce(job.id, of: job.tenantID, place: -1, hasURL: monitor.job(id)?.hasURL ?? true)
            monitor.acknowledged(job.id)
        }
    }

    // MARK: Inspecting

    func job(_ id: JobID) async throws -> Job? { try await call(nil, .read) { try await base.job(id) } }
    func jobs(_ filter: JobFilter, limit: Int, cursor: String?) async throws -> Page<Job> {
        try await base.jobs(filter, limit: limit, cursor: cursor)
    }
    func results(of id: JobID, status: ResultStatusFilter?, limit: Int, cursor: String?) async throws -> Page<UserResult> {
        try await call(nil, .read) { try await base.results(of: id, status: status, limit: limit, cursor: cursor) }
    }
    func statistics(now: Timestamp) async throws -> QueueStatistics { try await base.statistics(now: now) }

    // MARK: Webhooks

    func leaseDeliveries(_ query: DeliveryQuery, now: Timestamp, for duration: Duration) async throws -> [LeasedDelivery] {
        // A lease that a process keeps in its memory loses no answer.
        let leased = try await call(nil, weather.scenario.driver == .memory ? .write : .read) {
            try await base.leaseDeliveries(query, now: now, for: duration)
        } told: { leased in
            for one in leased {
                monitor.leased(one, to: weather.life, at: now)
                monitor.deliveries { $0.tells(one.delivery) }
            }
        }
        for one in leased { monitor.hasAnswer(one) }
        return leased
    }
    func leaseDelivery(_ id: String, now: Timestamp, for duration: Duration) async throws -> LeasedDelivery? {
        let leased = try await call(nil, weather.scenario.driver == .memory ? .write : .read) {
            try await base.leaseDelivery(id, now: now, for: duration)
        } told: { leased in
            guard let leased else { return }
            monitor.leased(leased, to: weather.life, at: now)
            monitor.deliveries { $0.tells(leased.delivery) }
        }
        if let leased { monitor.hasAnswer(leased) }
        return leased
    }
    /// Sure, and at once, as the read of one row is: an attempt that waited for it would be sent
    /// into a wait that the receiver has asked for meanwhile.
    func body(of id: String) async throws -> [UInt8]? {
        guard !weather.executor.isDead else { throw CancellationError() }
        return try await base.body(of: id)
    }
    func release(_ deliveries: [LeasedDelivery]) async {
        await weather.pass()
        await base.release(deliveries)
        if !weather.executor.isDead { for one in deliveries { monitor.released(one) } }
    }
    func nextDelivery(after now: Timestamp) async throws -> Timestamp? {
        try await call(nil, .read) { try await base.nextDelivery(after: now) }
    }
    func record(_ attempt: DeliveryAttempt) async throws {
        try await call("record", .write) {
            if !weather.executor.isDead { monitor.deliveries { $0.records(attempt, in: weather.life) } }
            monitor.isEnding(attempt.deliveryID, attempt.lease, true)
            do { try await base.record(attempt) } catch {
                monitor.isEnding(attempt.deliveryID, attempt.lease, false)
                if !weather.executor.isDead { monitor.tell { $0.refusedToRecord(attempt) } }
                throw error
            }
        } told: {
            monitor.tell { $0.hasRecorded(attempt) }
            monitor.released(attempt.deliveryID, attempt.lease)
            switch attempt.next {
            case .retry(let at): monitor.delivery(attempt.deliveryID, dueAt: at)
            case .putOff: monitor.delivery(attempt.deliveryID, dueAt: attempt.at)
            case .delivered, .dead: monitor.delivery(attempt.deliveryID, dueAt: nil)
            }
        }
    }
    func expireDeliveries(now: Timestamp, limit: Int) async throws -> ExpiredDeliveries {
        try await call(nil, .read) {
            try await base.expireDeliveries(now: now, limit: limit)
        } told: { expired in
            for one in expired.deliveries { monitor.delivery(one.id, dueAt: nil) }
        }
    }
    func destinations(limit: Int) async throws -> [DestinationRecord] {
        try await call(nil, .read) { try await base.destinations(limit: limit) }
    }
    func remember(_ destinations: [DestinationRecord]) async throws {
        try await call(nil, .write) { try await base.remember(destinations) }
    }
    func deliveries(_ filter: DeliveryFilter, limit: Int, cursor: String?) async throws -> Page<Delivery> {
        try await base.deliveries(filter, limit: limit, cursor: cursor)
    }
    func delivery(_ id: String) async throws -> Delivery? { try await base.delivery(id) }
    func deliveries(of job: JobID) async throws -> [Delivery] { try await base.deliveries(of: job) }
    func redeliver(_ id: String, now: Timestamp) async throws -> Bool { try await base.redeliver(id, now: now) }
    func redeliverDead(
        ofJob job: JobID?, ofTenant tenant: TenantID?, limit: Int, cursor: String?, now: Timestamp
    ) async throws -> Redelivered {
        try await base.redeliverDead(ofJob: job, ofTenant: tenant, limit: limit, cursor: cursor, now: now)
    }
    func add(_ delivery: NewDelivery, now: Timestamp) async throws { try await base.add(delivery, now: now) }

    // MARK: Keeping house

    func prune(jobsBefore: Timestamp, keysBefore: Timestamp, limit: Int) async throws -> Int {
        try await call(nil, .write) { try await base.prune(jobsBefore: jobsBefore, keysBefore: keysBefore, limit: limit) }
    }
    func discardAbandonedUploads(before: Timestamp) async throws -> Int {
        try await call(nil, .write) { try await base.discardAbandonedUploads(before: before) }
    }
    func endedWithLedger(endedBefore: Timestamp, limit: Int) async throws -> [JobID] {
        try await call(nil, .read) { try await base.endedWithLedger(endedBefore: endedBefore, limit: limit) }
    }
    func ledgerForgotten(_ jobs: [JobID]) async throws {
        try await call("ledger forgotten", .write) { try await base.ledgerForgotten(jobs) }
    }
    func checkpoint() async { await base.checkpoint() }
    func makeRoom() async -> Bool { await base.makeRoom() }

    /// The net under the wakes: whatever it catches should not have fallen.
    func reconcile(limit: Int) async throws -> [QueueRepair] {
        try await call(nil, .read) {
            try await base.reconcile(limit: limit)
        } told: { repairs in
            for repair in repairs {
                let what = repair.tenantID?.text ?? repair.destination ?? "a cancel"
                monitor.fail("\(what) had to be put right: \(repair.kind)")
            }
        }
    }
    func close() async {
        isClosed.store(true, ordering: .releasing)
        await base.close()
    }
}
