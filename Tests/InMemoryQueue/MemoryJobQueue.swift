package import JobQueue
package import SyncModel
import Synchronization

/// A queue that obeys the protocol in memory, the plain way: for simulations, and to hold drivers against. Nothing is fast in it.
package final class MemoryJobQueue: JobQueue {
    struct Held: Sendable {
        var tenantID: TenantID
        var jobID: JobID
        var number: Int
        var leasedAt: Timestamp
        var isUnlocked = false
    }

    struct State: Sendable {
        var disk: QueueDisk
        var held: [LeaseID: Held] = [:]
        var lastLease: Int64 = 0
        var claims: Set<QueueDisk.Key> = []
        /// Jobs whose results are being read, by so many.
        var readers: [JobID: Int] = [:]
        /// Since when a tenant is ready, as a number.
        var tickets: [TenantID: Int] = [:]
        var lastTicket = 0
        /// What the observer is to be told once the state stands.
        var ready: [TenantID] = []
        var jobsWaiting = 0
        var deliveriesDue = 0
        var jobsEnded: [JobID] = []
        var impossible: [ImpossibleTransition] = []
        var freeDisk: (bytes: Int64?, at: Timestamp)?
        var isClosed = false
    }

    package let clock: WallClock
    private let limits: QueueLimits
    private let freeBytes: @Sendable () -> Int64?
    private let observers = Mutex<[QueueObserver]>([])
    private let state: Mutex<State>

    /// - Parameter disk: what an earlier process left.
    package init(
        disk: QueueDisk = QueueDisk(), limits: QueueLimits = QueueLimits(), clock: WallClock,
        freeBytes: @escaping @Sendable () -> Int64? = { nil }
    ) {
        self.clock = clock
        self.limits = limits
        self.freeBytes = freeBytes
        state = Mutex(State(disk: disk.afterStart()))
        state.withLock { state in
            for entry in state.disk.entries where entry.isWorking {
                state.refresh(entry.job.tenantID, now: clock.now())
            }
            state.ready = []
        }
    }

    /// What a process that starts now would find, were this one killed.
    package var disk: QueueDisk { state.withLock { $0.disk } }

    /// Changes the state, all or nothing, and tells the observers what follows.
    /// - Throws: `QueueError.unavailable` once closed.
    func change<T: Sendable>(_ body: (inout State) throws -> T) throws -> T {
        let (value, ready, jobsWaiting, deliveriesDue, jobsEnded, impossible) = try state.withLock { state in
            try state.checkOpen()
            var copy = state
            let value = try body(&copy)
            let told = (value, copy.ready, copy.jobsWaiting, copy.deliveriesDue, copy.jobsEnded, copy.impossible)
            (copy.ready, copy.jobsWaiting, copy.deliveriesDue, copy.jobsEnded, copy.impossible) = ([], 0, 0, [], [])
            state = copy
            return told
        }
        for observer in observers.withLock({ $0 }) {
            for tenantID in ready { observer.batchReady(tenantID) }
            for _ in 0..<jobsWaiting { observer.jobWaiting() }
            for _ in 0..<deliveriesDue { observer.deliveryDue() }
            for id in jobsEnded { observer.jobEnded(id) }
            for transition in impossible { observer.impossible(transition) }
        }
        return value
    }

    package func observe(_ observer: QueueObserver) { observers.withLock { $0.append(observer) } }

    /// - Throws: `QueueError.unavailable` once closed.
    func look<T: Sendable>(_ body: (State) throws -> T) throws -> T {
        try state.withLock { state in
            try state.checkOpen()
            return try body(state)
        }
    }

    // MARK: Intake

    package func claim(tenantID: TenantID, path: String, key: String, now: Timestamp) async throws -> IdempotencyClaim {
        let key = QueueDisk.Key(tenantID: tenantID, path: path, key: key)
        return try change { state in
            if state.claims.contains(key) { return .arriving }
            if let known = state.disk.keys[key], now.seconds(since: known.at) < 86_400 {
                return .known(job: known.job, bodyHash: known.bodyHash)
            }
            state.claims.insert(key)
            return .claimed
        }
    }

    package func releaseClaim(tenantID: TenantID, path: String, key: String) async {
        _ = try? change { $0.claims.remove(QueueDisk.Key(tenantID: tenantID, path: path, key: key)) }
    }

    package func admission() -> Admission {
        let now = clock.now()
        let free = freeBytes
        let found = try? change { state -> (pending: Int, free: Int64?) in
            if state.freeDisk.map({ abs(now.seconds(since: $0.at)) >= 1 }) ?? true { state.freeDisk = (free(), now) }
            return (state.disk.entries.reduce(0) { $0 + $1.pendingUsers }, state.freeDisk?.bytes)
        }
        if let pending = found?.pending, pending >= limits.maxPendingUsers {
            return .refused(reason: "\(pending) users are pending, the limit", retryAfter: 10)
        }
        if let free = found?.free, free < limits.minFreeDiskBytes {
            return .refused(reason: "The disk has \(free) bytes free", retryAfter: 10)
        }
        return .open
    }

    package var isWritable: Bool { true }

    package func openUpload() async throws -> UploadID {
        try change { state in UploadID(value: Int64(state.disk.nextNumber())) }
    }

    package func append(_ batches: [NewBatch], to upload: UploadID) async throws {
        try change { $0.disk.uploads[upload, default: []] += batches }
    }

    package func discard(_ upload: UploadID) async { _ = try? change { $0.disk.uploads[upload] = nil } }

    package func accept(_ job: NewJob, upload: UploadID?, batches: [NewBatch]) async throws -> Job {
        try change { state in try state.accept(job, upload: upload, batches: batches, now: clock.now()) }
    }

    package func checkpoint() async {}
    package func close() async { state.withLock { $0.isClosed = true } }
}

extension MemoryJobQueue.State {
    func checkOpen() throws { if isClosed { throw QueueError.unavailable("The queue is closed") } }

    mutating func accept(_ new: NewJob, upload: UploadID?, batches: [NewBatch], now: Timestamp) throws -> Job {
        let batches = (upload.flatMap { disk.uploads.removeValue(forKey: $0) } ?? []) + batches
        let users = batches.reduce(0) { $0 + $1.payload.count }
        guard users == new.totalUsers else { throw QueueError.refused("\(new.totalUsers) users named, \(users) sent") }
        guard disk.index(of: new.id) == nil else { throw QueueError.refused("The id is used") }
        var job = Job(
            id: new.id, operation: new.operation, tenantID: new.tenantID, tenantName: new.tenantName, source: new.source,
            state: .queued, syncTime: new.syncTime, acceptedAt: new.acceptedAt, totalUsers: users, batches: batches.count,
            requestID: new.requestID)
        (job.callbackURL, job.traceparent, job.warnings) = (new.callbackURL, new.traceparent, new.warnings)
        (job.syncType, job.reason, job.retryOf) = (new.syncType, new.reason, new.retryOf)
        if let sent = new.idempotency {
            let key = QueueDisk.Key(tenantID: sent.tenantID, path: sent.path, key: sent.key)
            if let known = disk.keys[key], new.acceptedAt.seconds(since: known.at) < 86_400 {
                throw QueueError.refused("The key is used")
            }
            disk.keys[key] = QueueDisk.Known(job: new.id, bodyHash: sent.bodyHash, at: new.acceptedAt)
            claims.remove(key)
        }
        disk.entries.append(
            QueueDisk.Entry(
                seq: disk.nextNumber(), job: job, batches: batches.map { QueueDisk.Batch(payload: $0.payload) }))
        if batches.isEmpty { jobsWaiting += 1 }
        refresh(new.tenantID, now: now)
        return job
    }
}
