import JobQueue
import SyncModel

/// What of a queue in memory counts as committed: it outlives the processes, and so do their leases, until their time is over.
package struct QueueDisk: Sendable {
    struct Batch: Sendable {
        enum End: Sendable { case open, applied, dropped }

        var payload: BatchPayload
        var pass = BatchPass.first
        var attempts = 0
        var end = End.open
        var results: [UserResult] = []
        /// Records of its users that failed.
        var failed: [(index: UInt32, record: [UInt8])] = []
    }

    struct Entry: Sendable {
        var seq: Int
        var job: Job
        var batches: [Batch]
        /// Records of users that wait for the last pass, by index.
        var deferred: [UInt32: [UInt8]] = [:]
        var backoff: (batch: Int, until: Timestamp, error: String)?
        /// The directory's ledger may hold rows of it.
        var isLedgered = true
        /// It waits for a merge of its tenant.
        var isHeld = false

        var openBatches: [Int] { batches.indices.filter { batches[$0].end == .open } }
        var hasWork: Bool { !deferred.isEmpty || batches.contains { $0.end == .open } }
        var isWorking: Bool { !job.state.isEnd && !job.cancelRequested && !isHeld && hasWork }
        var isCancelling: Bool { !job.state.isEnd && job.cancelRequested && hasWork }
        var isEndable: Bool { !job.state.isEnd && !isHeld && !hasWork }
        /// Some of its batches were made of users who waited.
        var isInLastPass: Bool { batches.last?.pass == .conflicts }
        /// A single batch that was not tried yet.
        var isSmall: Bool { batches.count == 1 && batches[0].end == .open && deferred.isEmpty && job.state == .queued }
        var pendingUsers: Int { job.totalUsers - job.counts.settled }

        /// Cancels the users who wait and stand in no batch.
        mutating func cancelDeferred() {
            job.counts.cancelled += deferred.count
            deferred = [:]
        }
    }

    struct Key: Sendable, Hashable {
        var tenantID: TenantID
        var path: String
        var key: String

        init(tenantID: TenantID, path: String, key: String) { (self.tenantID, self.path, self.key) = (tenantID, path, key) }
        init(_ claim: KeyClaim) { self.init(tenantID: claim.tenantID, path: claim.path, key: claim.key) }
    }

    struct Known: Sendable {
        var job: JobID
        var bodyHash: [UInt8]
        var at: Timestamp
    }

    struct Posted: Sendable {
        var seq: Int
        var delivery: Delivery
        var body: [UInt8]
        /// Whose attempt it is, and from when on another process may take it.
        var lease: (id: DeliveryLease, until: Timestamp)?

        /// When it can be leased; `nil` once it is delivered or dead.
        var freeAt: Timestamp? { delivery.nextAttemptAt.map { max($0, lease?.until ?? $0) } }
    }

    struct Alias: Sendable {
        var seq: Int
        var alias: TenantAlias
    }

    struct Upload: Sendable {
        var owner: ProcessID
        var grewAt: Timestamp
        var batches: [NewBatch] = []
    }

    struct Lease: Sendable {
        var owner: ProcessID
        var end: Timestamp
        var tenantID: TenantID
        var jobID: JobID
        var number: Int
        var leasedAt: Timestamp
        var isUnlocked = false
    }

    /// What an alias stands for.
    var aliases: [TenantID: Alias] = [:]
    var merges: [TenantMerge] = []
    /// By merge the last number that may be given to its tenant: what came later came under a name that was forgotten.
    var lastOfMerges: [Int64: Int] = [:]
    /// In the order accepted.
    var entries: [Entry] = []
    var uploads: [UploadID: Upload] = [:]
    var keys: [Key: Known] = [:]
    var posted: [Posted] = []
    var destinations: [String: DestinationRecord] = [:]
    /// By tenant its last end, which outlives the jobs. At 0: none of its jobs has ended, but its numbers go on above others.
    var ends: [TenantID: (sequence: Int64, endedAt: Timestamp)] = [:]
    var lastNumber = 0
    /// When the newest job was accepted; it may be pruned.
    var lastAcceptance = Timestamp(microseconds: 0)
    var leases: [LeaseID: Lease] = [:]
    var lastLease: Int64 = 0
    var claims: [Key: (token: Int64, end: Timestamp)] = [:]
    /// Jobs whose results are being read, by so many.
    var readers: [JobID: Int] = [:]
    /// Since when a tenant is ready, as a number.
    var tickets: [TenantID: Int] = [:]
    var lastTicket = 0

    package init() {}

    mutating func nextNumber() -> Int {
        lastNumber += 1
        return lastNumber
    }

    mutating func raise(_ tenantID: TenantID, above sequence: Int64) {
        let own = ends[tenantID] ?? (sequence: 0, endedAt: Timestamp(microseconds: 0))
        ends[tenantID] = (max(own.sequence, sequence), own.endedAt)
    }

    func index(of id: JobID) -> Int? { entries.firstIndex { $0.job.id == id } }

    /// Whether no job of the tenant that was accepted before has to end first.
    func mayEnd(_ at: Int) -> Bool {
        let isApplied = entries[at].job.counts.applied > 0
        return !entries[..<at].contains {
            $0.job.tenantID == entries[at].job.tenantID && ($0.isEndable || $0.isCancelling || isApplied && $0.isWorking)
        }
    }

    /// Whether batches of the tenant's wait for another attempt.
    func isPutOff(_ tenantID: TenantID, at now: Timestamp) -> Bool {
        working(tenantID).contains { entries[$0].backoff.map { !MemoryJobQueue.State.isOver($0.until, at: now) } ?? false }
    }

    /// The tenant's jobs that have batches to be leased, in order.
    func working(_ tenantID: TenantID) -> [Int] {
        entries.indices.filter { entries[$0].job.tenantID == tenantID && entries[$0].isWorking }
    }

    func holds(_ claim: KeyClaim, at now: Timestamp) -> Bool {
        claims[Key(claim)].map { $0.token == claim.token && $0.end > now } ?? false
    }

    /// What is left once no process is, and the leases of its batches and its claims have run out.
    func withoutProcesses(at now: Timestamp) -> QueueDisk {
        var disk = self
        disk.readers = [:]
        disk.leases = disk.leases.mapValues { lease in
            var lease = lease
            lease.end = now
            return lease
        }
        disk.claims = [:]
        return disk
    }
}
