package import JobQueue
package import SyncModel
import Synchronization

/// A queue that obeys the protocol in memory, the plain way, as one of the processes that share a store: for simulations, and to
/// hold drivers against. Nothing is fast in it.
package final class MemoryJobQueue: JobQueue {
    /// What a change is made of: the disk, and what observers are to be told once it stands.
    struct State: Sendable {
        var disk: QueueDisk
        let process: ProcessID
        var webhookOrder = WebhookOrder.any
        var tenantAliases = TenantAliases.learn
        var ready: [TenantID] = []
        var jobsWaiting = 0
        var deliveriesDue = 0
        var deliveriesWanted: [(delivery: String, destination: String)] = []
        var leasesEnded: [(delivery: String, lease: DeliveryLease)] = []
        var jobsEnded: [JobID] = []
        var decisions: [NamesDecision] = []
        var impossible: [ImpossibleTransition] = []
    }

    package let store: MemoryQueueStore
    package let process: ProcessID
    package var clock: WallClock { store.clock }
    private let limits: QueueLimits
    private let freeBytes: @Sendable () -> Int64?
    private let observers = Mutex<[QueueObserver]>([])
    let freeDisk = Mutex<(bytes: Int64?, at: Timestamp)?>(nil)
    private let isClosed = Atomic<Bool>(false)

    package init(
        store: MemoryQueueStore, process: ProcessID = ProcessID(), limits: QueueLimits = QueueLimits(),
        freeBytes: @escaping @Sendable () -> Int64? = { nil }
    ) {
        self.store = store
        self.process = process
        self.limits = limits
        self.freeBytes = freeBytes
        store.join(self)
    }

    private func checkOpen() throws {
        if isClosed.load(ordering: .acquiring) { throw QueueError.unavailable("The queue is closed") }
    }

    /// Changes the state, all or nothing, and tells the observers of all processes what follows.
    /// - Throws: `QueueError.unavailable` once closed.
    func change<T: Sendable>(_ body: (inout State) throws -> T) throws -> T {
        try checkOpen()
        let (value, state) = try store.change { disk -> (T, State) in
            var state = State(disk: disk, process: process)
            state.endLeases(at: clock.now())
            state.webhookOrder = limits.webhookOrder
            state.tenantAliases = limits.tenantAliases
            let value = try body(&state)
            disk = state.disk
            return (value, state)
        }
        for queue in store.processes { queue.tell(state) }
        return value
    }

    /// - Throws: `QueueError.unavailable` once closed.
    func look<T: Sendable>(_ body: (State) throws -> T) throws -> T {
        try checkOpen()
        var state = State(disk: store.disk, process: process)
        state.tenantAliases = limits.tenantAliases
        state.endLeases(at: clock.now())
        return try body(state)
    }

    package func observe(_ observer: QueueObserver) { observers.withLock { $0.append(observer) } }

    private func tell(_ state: State) {
        for observer in observers.withLock({ $0 }) {
            for tenantID in state.ready { observer.batchReady(tenantID) }
            for _ in 0..<state.jobsWaiting { observer.jobWaiting() }
            for ended in state.leasesEnded { observer.deliveryLeaseEnded(ended.delivery, ended.lease) }
            for wanted in state.deliveriesWanted { observer.deliveryWanted(wanted.delivery, wanted.destination) }
            for _ in 0..<state.deliveriesDue { observer.deliveryDue() }
            for id in state.jobsEnded { observer.jobEnded(id) }
            for decision in state.decisions { observer.namesDecided(decision) }
            for transition in state.impossible { observer.impossible(transition) }
        }
    }

    /// Nothing that it calls has an effect any more, and it is told nothing.
    package func close() async { cut() }

    /// The same, as a kill does it: between two calls.
    package func cut() {
        isClosed.store(true, ordering: .releasing)
        store.leave(self)
    }

    // MARK: Intake

    package func claim(tenantID: TenantID, path: String, key: String, now: Timestamp) async throws -> IdempotencyClaim {
        let time = clock.now()
        return try change { state in
            let tenantID = state.tenant(named: tenantID)
            let claimed = QueueDisk.Key(tenantID: tenantID, path: path, key: key)
            if let known = state.disk.keys[claimed], now.seconds(since: known.at) < 86_400 {
                return .known(job: known.job, bodyHash: known.bodyHash)
            }
            if let claim = state.disk.claims[claimed], claim.end > time { return .arriving }
            let token = Int64(state.disk.nextNumber())
            state.disk.claims[claimed] = (token, time.advanced(bySeconds: KeyClaim.lifetime))
            return .claimed(KeyClaim(tenantID: tenantID, path: path, key: key, token: token))
        }
    }

    package func renewClaim(_ claim: KeyClaim, now: Timestamp) async throws {
        let time = clock.now()
        try change { state in
            guard state.disk.holds(claim, at: time) else { throw QueueError.claimLost }
            state.disk.claims[QueueDisk.Key(claim)]?.end = time.advanced(bySeconds: KeyClaim.lifetime)
        }
    }

    package func releaseClaim(_ claim: KeyClaim) async {
        let now = clock.now()
        _ = try? change { state in
            if state.disk.holds(claim, at: now) { state.disk.claims[QueueDisk.Key(claim)] = nil }
        }
    }

    package func admission() -> Admission {
        let now = clock.now()
        let free = freeDisk.withLock { sample -> Int64? in
            if sample.map({ abs(now.seconds(since: $0.at)) >= 1 }) ?? true { sample = (freeBytes(), now) }
            return sample?.bytes
        }
        let pending = try? look { state in state.disk.entries.reduce(0) { $0 + $1.pendingUsers } }
        if let pending, pending >= limits.maxPendingUsers {
            return .refused(reason: "\(pending) users are pending, the limit", retryAfter: 10)
        }
        if let free, free < limits.minFreeDiskBytes {
            return .refused(reason: "The disk has \(free) bytes free", retryAfter: 10)
        }
        return .open
    }

    package var isWritable: Bool { true }

    package func openUpload() async throws -> UploadID {
        try change { state in
            let upload = UploadID(value: Int64(state.disk.nextNumber()))
            state.disk.uploads[upload] = QueueDisk.Upload(owner: process, grewAt: clock.now())
            return upload
        }
    }

    package func append(_ batches: [NewBatch], to upload: UploadID) async throws {
        try change { state in
            guard state.disk.uploads[upload]?.owner == process else { throw QueueError.refused("The upload was discarded") }
            state.disk.uploads[upload]?.batches += batches
            state.disk.uploads[upload]?.grewAt = clock.now()
        }
    }

    package func discard(_ upload: UploadID) async {
        _ = try? change { state in if state.disk.uploads[upload]?.owner == process { state.disk.uploads[upload] = nil } }
    }

    package func accept(_ job: NewJob, upload: UploadID?, batches: [NewBatch]) async throws -> Job {
        try change { state in try state.accept(job, upload: upload, batches: batches, now: clock.now()) }
    }
}

extension MemoryJobQueue.State {
    mutating func accept(_ new: NewJob, upload: UploadID?, batches: [NewBatch], now: Timestamp) throws -> Job {
        let uploaded = upload.flatMap { disk.uploads[$0] }
        guard upload == nil || uploaded?.owner == process else { throw QueueError.refused("The upload was discarded") }
        if let upload { disk.uploads[upload] = nil }
        let batches = (uploaded?.batches ?? []) + batches
        let users = batches.reduce(0) { $0 + $1.payload.count }
        guard users == new.totalUsers else { throw QueueError.refused("\(new.totalUsers) users named, \(users) sent") }
        guard disk.index(of: new.id) == nil else { throw QueueError.refused("The id is used") }
        let acceptedAt = max(new.acceptedAt, disk.lastAcceptance.advanced(bySeconds: 0.000_001))
        disk.lastAcceptance = acceptedAt
        let (tenantID, contradiction) = learn(from: new)
        var job = Job(
            id: new.id, operation: new.operation, tenantID: tenantID, tenantName: new.tenantName, source: new.source,
            state: .queued, syncTime: new.syncTime ?? acceptedAt, acceptedAt: acceptedAt, totalUsers: users,
            batches: batches.count, requestID: new.requestID)
        (job.callbackURL, job.traceparent, job.warnings) = (new.callbackURL, new.traceparent, new.warnings)
        (job.syncType, job.reason, job.retryOf) = (new.syncType, new.reason, new.retryOf)
        job.sentTenantID = new.tenantID
        if let contradiction { job.warnings.append(contradiction) }
        if let sent = new.idempotency {
            guard disk.holds(sent.claim, at: now) else { throw QueueError.claimLost }
            let key = QueueDisk.Key(tenantID: tenantID, path: sent.claim.path, key: sent.claim.key)
            if let known = disk.keys[key], new.acceptedAt.seconds(since: known.at) < 86_400 {
                throw QueueError.claimLost
            }
            disk.keys[key] = QueueDisk.Known(job: new.id, bodyHash: sent.bodyHash, at: new.acceptedAt)
            disk.claims[QueueDisk.Key(sent.claim)] = nil
        }
        disk.entries.append(
            QueueDisk.Entry(
                seq: disk.nextNumber(), job: job, batches: batches.map { QueueDisk.Batch(payload: $0.payload) },
                isHeld: isMerging(tenantID)))
        if batches.isEmpty { jobsWaiting += 1 }
        refresh(tenantID, now: now)
        return job
    }
}
