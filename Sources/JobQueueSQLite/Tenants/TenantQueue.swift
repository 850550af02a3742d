import JobQueue
import SyncModel

/// What may be leased to whom: the state of each tenant that has work, in memory.
///
/// Leases exist only here. That is sound because one process at a time uses the queue's file (`FileLock`): however it ends, its
/// workers end too, and all unfinished batches are free again. A lease guards against a late worker of this process; the
/// directory's ledger guards against the rest.
struct TenantQueue {
    private(set) var states: [TenantID: TenantState] = [:]
    private var tenants: [LeaseID: TenantID] = [:]
    /// Tenants with backoffs.
    var backingOff: Set<TenantID> = []
    var line = ReadyTenants()
    var calls = LeaseCalls()
    private var lastLease: Int64 = 0
    var cancelling = CancellingJobs()
    /// Tenants that joined the queue since these were last taken.
    private var announced: [TenantID] = []
    /// Tenants in the line.
    private(set) var readyCount = 0
    /// Transitions requested although a tenant's state does not allow them, since they were last taken from here.
    private var impossible: [ImpossibleTransition] = []

    /// Tenants known to have work.
    var count: Int { states.count }

    subscript(tenantID: TenantID) -> TenantState? { states[tenantID] }

    /// Refused transitions, for the observers.
    mutating func takeImpossible() -> [ImpossibleTransition] {
        guard !impossible.isEmpty else { return [] }
        defer { impossible = [] }
        return impossible
    }

    /// Whether a tenant is reserved, as the end of a reservation requires.
    private mutating func expectClaim(of tenantID: TenantID, for event: String) -> Bool {
        if states[tenantID]?.isClaimed == true { return true }
        impossible.append(ImpossibleTransition(.lease, tenantID.text, in: "not reserved", met: event))
        return false
    }

    /// Tenants that became ready, for the observers.
    mutating func takeAnnounced() -> [TenantID] {
        defer { announced = [] }
        return announced
    }

    // MARK: Work

    /// Sets whether the tenant has a job in phase `working`.
    mutating func setWork(_ tenantID: TenantID, _ hasWork: Bool) {
        change(tenantID) { $0.hasWork = hasWork }
    }

    /// The first `limit` ready tenants. Those whose backoff ended by `now` join the queue first.
    mutating func ready(now: Timestamp, limit: Int) -> [TenantID] {
        let due = backoffs.filter { Backoff.isOver($0.1.until, at: now) }.sorted { ($0.1.until, $0.0) < ($1.1.until, $1.0) }
        for (tenantID, backoff) in due { clearBackoff(tenantID, ofJob: backoff.seq) }
        let found = line.first(limit) { states[$0]?.ticket == $1 }
        // Tenants returned here need no notification; those beyond the limit do.
        let known = Set(found)
        announced.removeAll { known.contains($0) }
        return found
    }

    // MARK: Leases

    /// Reserves the tenants that a request will serve, while leases are found for them.
    mutating func claim(for request: LeaseRequest, now: Timestamp, by call: LeaseCall) -> [(
        tenantID: TenantID, state: TenantState
    )] {
        var tenants: [TenantID] = []
        if let tenantID = request.tenantID {
            tenants = [tenantID]
        } else {
            tenants = line.first(request.tenants) { states[$0]?.ticket == $1 }
        }
        var claimed: [(tenantID: TenantID, state: TenantState)] = []
        for tenantID in tenants { if let state = claim(tenantID, now: now, by: call) { claimed.append((tenantID, state)) } }
        return claimed
    }

    /// Reserves a ready tenant while a lease is found for it.
    /// - Returns: its state as it was; `nil` if nothing of the tenant may be leased.
    mutating func claim(_ tenantID: TenantID, now: Timestamp, by call: LeaseCall) -> TenantState? {
        for backoff in states[tenantID]?.backoffs.values.filter({ Backoff.isOver($0.until, at: now) }) ?? [] {
            clearBackoff(tenantID, ofJob: backoff.seq)
        }
        guard let state = states[tenantID], state.isReady else { return nil }
        change(tenantID) {
            $0.claimedBy = call
            $0.claims += 1
        }
        return state
    }

    /// Ends a reservation: the tenant now holds `batches`.
    /// - Parameter hasMore: whether their job has further batches that need not wait for these to be finished.
    mutating func take(_ tenantID: TenantID, _ batches: [HeldBatch], hasMore: Bool) -> [LeaseID] {
        guard expectClaim(of: tenantID, for: "take") else { return [] }
        let leases = batches.indices.map { LeaseID(value: lastLease + 1 + Int64($0)) }
        lastLease += Int64(batches.count)
        for lease in leases { tenants[lease] = tenantID }
        if let call = states[tenantID]?.claimedBy { calls.note(leases, takenBy: call) }
        change(tenantID) { state in
            state.claimedBy = nil
            state.hasMore = hasMore
            state.locked += batches.count
            for (lease, batch) in zip(leases, batches) { state.held[lease] = batch }
        }
        return leases
    }

    /// Ends a reservation without a lease and without any new knowledge.
    mutating func unclaim(_ tenantID: TenantID) {
        guard expectClaim(of: tenantID, for: "unclaim") else { return }
        change(tenantID) { $0.claimedBy = nil }
    }

    /// Ends a reservation without a lease. Called after the commit in which the lookup ran, and after the changes that earlier
    /// operations in that commit made here.
    /// - Parameter state: as it was when reserved. If a lease has ended since, `nothing` may no longer be true, unless it depends
    ///   on the table alone.
    mutating func unclaim(_ tenantID: TenantID, as state: TenantState, found nothing: NothingFound) {
        guard expectClaim(of: tenantID, for: "unclaim") else { return }
        change(tenantID) { present in
            present.claimedBy = nil
            switch nothing {
            case .noJob: present.hasWork = false
            case .nothingYet: if present.ended == state.ended { present.hasMore = false }
            case .corrected(let hasWork): present.hasWork = hasWork
            }
        }
    }

    func held(_ lease: LeaseID) -> (tenantID: TenantID, batch: HeldBatch)? {
        guard let tenantID = tenants[lease], let batch = states[tenantID]?.held[lease] else { return nil }
        return (tenantID, batch)
    }

    /// Ends a lease by a write that is not committed yet: `end` must follow once it is, or `keep`. Until then nobody else can end
    /// it, and its batch is still held.
    /// - Returns: what it holds; `nil` if it has ended.
    mutating func startEnding(_ lease: LeaseID) -> (tenantID: TenantID, batch: HeldBatch)? {
        guard let found = held(lease), !found.batch.isEnding else { return nil }
        states[found.tenantID]?.held[lease]?.isEnding = true
        return found
    }

    /// Undoes `startEnding`.
    mutating func keep(_ lease: LeaseID) {
        guard let (tenantID, batch) = held(lease) else { return }
        states[tenantID]?.held[lease]?.isEnding = false
        if batch.isReleased { end([lease]) }
    }

    /// Gives leases back. What an uncommitted write is ending stays held until that is decided: the tables still have it open.
    mutating func release(_ leases: [LeaseID]) {
        for lease in leases {
            guard let (tenantID, batch) = held(lease) else { continue }
            if batch.isEnding { states[tenantID]?.held[lease]?.isReleased = true } else { end([lease]) }
        }
    }

    /// The job that each tenant with held batches works on; if several, the first one.
    var workingJobs: [TenantID: JobID] {
        let held = tenants.lazy.compactMap { lease, tenantID in self.held(lease).map { (tenantID, $0.batch) } }
        return Dictionary(held) { $0.seq < $1.seq ? $0 : $1 }.mapValues(\.jobID)
    }

    /// Numbers of a job's held batches.
    func heldNumbers(_ tenantID: TenantID, batchKey: Int64) -> Set<Int> {
        Set(states[tenantID]?.held.values.lazy.filter { $0.batchKey == batchKey }.map(\.number) ?? [])
    }

    /// Marks held batches as applied. Those no longer held, or already marked, are ignored, as `JobQueue.unlock` says.
    mutating func unlock(_ leases: [LeaseID]) {
        for lease in leases {
            guard let tenantID = tenants[lease] else { continue }
            change(tenantID) { state in
                guard state.held[lease]?.isUnlocked == false else { return }
                state.held[lease]?.isUnlocked = true
                state.locked -= 1
            }
        }
    }

    /// Ends leases. Those that have already ended are ignored.
    mutating func end(_ leases: some Sequence<LeaseID>) {
        for lease in leases {
            guard let tenantID = tenants.removeValue(forKey: lease) else { continue }
            change(tenantID) { state in
                guard let batch = state.held.removeValue(forKey: lease) else { return }
                state.ended += 1
                if !batch.isUnlocked { state.locked -= 1 }
                // Batches given back may be leased again.
                state.hasMore = true
            }
        }
    }

    // MARK: The line

    /// Whether a tenant is in the queue if and only if it is ready, and what is kept beside its leases agrees with them.
    func isInPlace(_ tenantID: TenantID, _ state: TenantState) -> Bool {
        state.isReady == (state.ticket != 0) && (state.ticket == 0 || line.holds(tenantID, state.ticket))
            && state.locked == state.held.values.count { !$0.isUnlocked }
            && state.held.keys.allSatisfy { tenants[$0] == tenantID } && (state.backoffs.isEmpty || backingOff.contains(tenantID))
    }

    /// Restores what `isInPlace` checks.
    mutating func place(_ tenantID: TenantID) {
        guard let state = states[tenantID] else { return }
        for lease in state.held.keys { tenants[lease] = tenantID }
        if !state.backoffs.isEmpty { backingOff.insert(tenantID) }
        change(tenantID) { state in
            state.ticket = 0
            state.locked = state.held.values.count { !$0.isUnlocked }
        }
        readyCount = states.values.count { $0.ticket != 0 }
    }

    /// Changes a tenant's state (a new one for an unknown tenant), and adds the tenant to the line or removes it as that requires.
    mutating func change(_ tenantID: TenantID, _ body: (inout TenantState) -> Void) {
        body(&states[tenantID, default: TenantState()])
        guard let state = states[tenantID] else { return }
        if state.isReady, state.ticket == 0 {
            states[tenantID]?.ticket = line.append(tenantID)
            announced.append(tenantID)
            readyCount += 1
        } else if !state.isReady, state.ticket != 0 {
            states[tenantID]?.ticket = 0
            readyCount -= 1
        }
        if state.isIdle {
            states[tenantID] = nil
            backingOff.remove(tenantID)
        }
    }
}
