import SyncModel
import Synchronization
import UserDirectory

/// The CRM's users in memory: what stands here has been committed, and outlives every process.
///
/// It knows the rules that the engine rests upon (exactly once by a ledger, tombstones, last passes), and of the users' rules just
/// enough for them: an address that somebody else has is waited for, and taken over in the last pass, where its holder is settled
/// first if it waits too.
final class MemoryDirectory: Sendable {
    fileprivate struct Key: Hashable {
        var tenantID: TenantID
        var text: String
    }

    struct Batch: Hashable {
        var jobID: JobID
        var number: Int
    }

    struct User: Hashable {
        var jobID: JobID
        var index: UInt32
    }

    struct State {
        fileprivate var emails: [Key: String] = [:]
        fileprivate var holders: [Key: String] = [:]
        fileprivate var ledger: [Batch: BatchApplied] = [:]
        /// Users who wait for their job's last pass, as they were sent, by their ids.
        fileprivate var waiting: [JobID: [String: BatchPayload]] = [:]
        /// Results of those who were settled ahead of their batch.
        fileprivate var ahead: [User: AppliedUser] = [:]
        /// Jobs whose ledger rows went.
        var forgotten: Set<JobID> = []
        var logs: [JobID: [SyncLogEntry]] = [:]
        /// Every outcome that was ever written, in order.
        var outcomes: [User: [UserOutcome]] = [:]
    }

    private let state = Mutex(State())
    private let monitor: Monitor

    /// - Parameter known: users that each of the tenants has from before.
    init(monitor: Monitor, tenants: Set<TenantID>, known: Int) {
        self.monitor = monitor
        state.withLock { state in
            for tenantID in tenants {
                for number in 0..<known {
                    state.emails[Key(tenantID: tenantID, text: "u\(number)")] = "e\(number)@x.io"
                    state.holders[Key(tenantID: tenantID, text: "e\(number)@x.io")] = "u\(number)"
                }
            }
        }
    }

    var snapshot: State { state.withLock { $0 } }

    func withState<Value>(_ body: (inout sending State) -> sending Value) -> Value { state.withLock(body) }

    /// Commits batches, each once; a prefix, as the protocol says.
    func apply(_ batches: [BatchWork], at now: Timestamp) -> [BatchApplied] {
        var done: [BatchApplied] = []
        var waiting: [TenantID: JobID] = [:]
        for batch in batches {
            if let job = waiting[batch.tenantID], job != batch.jobID { break }
            let applied = apply(batch, at: now)
            if !applied.deferred.isEmpty { waiting[batch.tenantID] = batch.jobID }
            done.append(applied)
        }
        return done
    }

    private func apply(_ batch: BatchWork, at now: Timestamp) -> BatchApplied {
        let key = Batch(jobID: batch.jobID, number: batch.number)
        let (applied, isNew) = state.withLock { state -> (BatchApplied, Bool) in
            if let known = state.ledger[key] { return (known, false) }
            var applied = BatchApplied(jobID: batch.jobID, number: batch.number, users: [])
            batch.payload.forEachRaw { raw, record in
                if let user = state.ahead[User(jobID: batch.jobID, index: record.index)] ?? state.settle(record, of: batch) {
                    applied.users.append(user)
                } else {
                    applied.deferred.insert(record.index)
                    state.waiting[batch.jobID, default: [:]][record.text(.id) ?? ""] = BatchPayload(bytes: Array(raw), count: 1)
                }
            }
            if batch.isWholeJob, applied.deferred.isEmpty {
                state.log(SyncLogEntry(batch, applied, at: now))
                applied.jobLog = .written
            }
            state.ledger[key] = applied
            return (applied, true)
        }
        if isNew { monitor.applied(batch.jobID) }
        return applied
    }

    /// Whether the ledger still knows what became of these.
    func isFenced(_ batches: [BatchWork]) -> Bool {
        state.withLock { state in batches.allSatisfy { !state.forgotten.contains($0.jobID) } }
    }

    func tombstone(_ job: JobID, batches: [Int]) -> [Int: BatchApplied] {
        state.withLock { state in
            var standing: [Int: BatchApplied] = [:]
            for number in batches {
                let key = Batch(jobID: job, number: number)
                if let known = state.ledger[key] {
                    if !known.isTombstone { standing[number] = known }
                } else {
                    state.ledger[key] = BatchApplied(jobID: job, number: number, users: [], isTombstone: true)
                }
            }
            return standing
        }
    }

    func settledAhead(of job: JobID) -> [AppliedUser] {
        state.withLock { state in state.ahead.filter { $0.key.jobID == job }.map(\.value).sorted { $0.index < $1.index } }
    }

    func giveUp(_ batch: BatchWork, error: String) -> BatchApplied {
        state.withLock { state in
            let key = Batch(jobID: batch.jobID, number: batch.number)
            if let known = state.ledger[key] { return known }
            var ended = BatchApplied(givenUp: batch, error: error)
            ended.users = ended.users.map { state.ahead[User(jobID: batch.jobID, index: $0.index)] ?? $0 }
            batch.payload.forEach { record in state.waiting[batch.jobID]?[record.text(.id) ?? ""] = nil }
            state.ledger[key] = ended
            return ended
        }
    }

    func log(_ jobs: [SyncLogEntry]) { state.withLock { state in for job in jobs { state.log(job) } } }

    func forget(_ jobs: [JobID]) {
        let gone = Set(jobs)
        state.withLock { state in
            state.ledger = state.ledger.filter { !gone.contains($0.key.jobID) }
            state.ahead = state.ahead.filter { !gone.contains($0.key.jobID) }
            state.waiting = state.waiting.filter { !gone.contains($0.key) }
            state.forgotten.formUnion(gone)
        }
    }
}

extension MemoryDirectory.State {
    fileprivate mutating func log(_ entry: SyncLogEntry) {
        if logs[entry.jobID] == nil { logs[entry.jobID] = [entry] }
    }

    /// Applies a user and keeps what came of it; `nil`: it waits for the last pass.
    fileprivate mutating func settle(_ record: UserRecord, of batch: BatchWork) -> AppliedUser? {
        let user = apply(record, of: batch)
        if let user { outcomes[MemoryDirectory.User(jobID: batch.jobID, index: record.index), default: []].append(user.outcome) }
        return user
    }

    /// Settles who has the address that a user asks for, if that one waits too.
    private mutating func settleAhead(_ holder: String, of batch: BatchWork) {
        guard let payload = waiting[batch.jobID]?.removeValue(forKey: holder) else { return }
        payload.forEach { record in
            guard let user = settle(record, of: batch) else { return }
            ahead[MemoryDirectory.User(jobID: batch.jobID, index: record.index)] = user
        }
    }

    /// `nil`: it waits for the last pass.
    private mutating func apply(_ record: UserRecord, of batch: BatchWork) -> AppliedUser? {
        guard record.text(.name) != Self.bad else {
            return AppliedUser(index: record.index, outcome: .failed, code: .refusedByDatabase)
        }
        let id = MemoryDirectory.Key(tenantID: batch.tenantID, text: record.text(.id) ?? "")
        let email = MemoryDirectory.Key(tenantID: batch.tenantID, text: record.text(.email) ?? "")
        if batch.isLastPass { waiting[batch.jobID]?[id.text] = nil }
        if let holder = holders[email], holder != id.text, batch.isLastPass { settleAhead(holder, of: batch) }
        let before = emails[id]
        if let holder = holders[email], holder != id.text {
            guard batch.isLastPass else { return nil }
            emails[MemoryDirectory.Key(tenantID: batch.tenantID, text: holder)] = ""
        }
        if let before { holders[MemoryDirectory.Key(tenantID: batch.tenantID, text: before)] = nil }
        emails[id] = email.text
        holders[email] = id.text
        let outcome: UserOutcome = before == nil ? .created : before == email.text ? .unchanged : .updated
        return AppliedUser(index: record.index, outcome: outcome, crmUserID: 1)
    }

    static let bad = "refused"

    // MARK: Users by tenant

    /// Removes a tenant's users, and returns each one's id and email.
    mutating func takeUsers(of tenantID: TenantID) -> [(id: String, email: String)] {
        let taken = emails.filter { $0.key.tenantID == tenantID }.map { (id: $0.key.text, email: $0.value) }
        emails = emails.filter { $0.key.tenantID != tenantID }
        holders = holders.filter { $0.key.tenantID != tenantID }
        return taken.sorted { $0.id < $1.id }
    }

    func has(_ id: String, in tenantID: TenantID) -> Bool {
        emails[MemoryDirectory.Key(tenantID: tenantID, text: id)] != nil
    }

    /// False if somebody of the tenant has the address.
    mutating func give(_ id: String, _ email: String, to tenantID: TenantID) -> Bool {
        let address = MemoryDirectory.Key(tenantID: tenantID, text: email)
        guard email.isEmpty || holders[address] == nil else { return false }
        emails[MemoryDirectory.Key(tenantID: tenantID, text: id)] = email
        if !email.isEmpty { holders[address] = id }
        return true
    }
}

extension SyncLogEntry {
    fileprivate init(_ batch: BatchWork, _ applied: BatchApplied, at now: Timestamp) {
        var counts = JobCounts()
        var codes: [String: Int] = [:]
        for user in applied.users {
            counts[user.outcome] += 1
            if let code = user.code { codes[code.word, default: 0] += 1 }
        }
        self.init(
            jobID: batch.jobID, tenantID: batch.tenantID, operation: batch.operation, totalUsers: batch.payload.count,
            counts: counts, failedCodes: codes, syncedAt: now)
    }
}
