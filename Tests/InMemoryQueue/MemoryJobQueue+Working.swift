import JobQueue
import SyncModel

extension MemoryJobQueue.State {
    func heldNumbers(_ id: JobID) -> Set<Int> { Set(disk.leases.values.filter { $0.jobID == id }.map(\.number)) }

    private func isCancelling(_ id: JobID) -> Bool {
        disk.index(of: id).map { disk.entries[$0].job.cancelRequested } ?? false
    }

    /// The batches of the tenant's that may be leased now: of which job, and from which number.
    func next(of tenantID: TenantID, now: Timestamp) -> (entry: Int, from: Int)? {
        guard let head = disk.working(tenantID).first else { return nil }
        let entry = disk.entries[head]
        guard !disk.isPutOff(tenantID, at: now) else { return nil }
        let held = disk.leases.values.filter { $0.tenantID == tenantID }
        guard !held.isEmpty else { return (head, 0) }
        // Of a job that is being cancelled no more is leased: the next one need not wait for what of it is applied already.
        let others = held.filter { $0.jobID != entry.job.id }
        guard held.allSatisfy(\.isUnlocked), others.allSatisfy({ isCancelling($0.jobID) }) else { return nil }
        guard others.count < held.count else { return (head, 0) }
        let from = (held.filter { $0.jobID == entry.job.id }.map(\.number).max() ?? -1) + 1
        return entry.openBatches.contains { $0 >= from } ? (head, from) : nil
    }

    /// Whether a backoff until then has ended; one that would last longer than any does was set before the clock was set back.
    static func isOver(_ until: Timestamp, at now: Timestamp) -> Bool {
        until <= now || until.seconds(since: now) > RetryPolicy.batches.cap
    }

    /// Puts the tenant into the line of those that are ready, or takes it out.
    mutating func refresh(_ tenantID: TenantID, now: Timestamp) {
        if next(of: tenantID, now: now) == nil {
            disk.tickets[tenantID] = nil
        } else if disk.tickets[tenantID] == nil {
            disk.lastTicket += 1
            disk.tickets[tenantID] = disk.lastTicket
            ready.append(tenantID)
        }
    }

    /// Ends the leases whose time is over, whoever held them.
    mutating func endLeases(at now: Timestamp) {
        guard disk.leases.contains(where: { $0.value.end <= now }) else { return }
        let over = disk.leases.filter { $0.value.end <= now }.sorted { $0.key.value < $1.key.value }
        for (lease, _) in over { disk.leases[lease] = nil }
        if over.contains(where: { isCancelling($0.value.jobID) }) { jobsWaiting += 1 }
        for (_, held) in over { refresh(held.tenantID, now: now) }
    }

    /// Tenants that are ready, the longest waiting first.
    var line: [TenantID] { disk.tickets.sorted { $0.value < $1.value }.map(\.key) }

    /// - Parameter end: of the leases, by the store's clock: the caller may have read `now` a while ago.
    mutating func lease(_ request: LeaseRequest, now: Timestamp, until end: Timestamp) -> [LeasedBatch] {
        guard request.batches > 0 else { return [] }
        let tenants = request.tenantID.map { [$0] } ?? Array(line.prefix(request.tenants))
        return tenants.flatMap { lease(of: $0, max(1, request.batches / tenants.count), request, now: now, until: end) }
    }

    private mutating func lease(
        of tenantID: TenantID, _ batches: Int, _ request: LeaseRequest, now: Timestamp, until end: Timestamp
    ) -> [LeasedBatch] {
        guard let (at, from) = next(of: tenantID, now: now) else {
            refresh(tenantID, now: now)
            return []
        }
        for working in disk.working(tenantID) { disk.entries[working].backoff = nil }
        if disk.entries[at].openBatches.isEmpty { cutDeferred(at, upTo: batches) }
        var taken = disk.entries[at].openBatches.filter { $0 >= from }.prefix(batches).map { (at, $0) }
        if disk.entries[at].isSmall {
            var users = disk.entries[at].job.totalUsers
            for follower in disk.working(tenantID).dropFirst().prefix(max(0, request.smallJobs - 1)) {
                users += disk.entries[follower].job.totalUsers
                guard disk.entries[follower].isSmall, users <= BatchLimits.mostUsers else { break }
                taken.append((follower, 0))
            }
        }
        if disk.entries[at].job.state == .queued, disk.entries[at].batches.count > 1 { start(at, now) }
        let leased = taken.map { entry, number -> LeasedBatch in
            let (job, batch) = (disk.entries[entry].job, disk.entries[entry].batches[number])
            disk.lastLease += 1
            let lease = LeaseID(value: disk.lastLease)
            disk.leases[lease] = QueueDisk.Lease(
                owner: process, end: end, tenantID: tenantID, jobID: job.id, number: number, leasedAt: now)
            var leased = LeasedBatch(
                lease: lease, jobID: job.id, tenantID: tenantID, operation: job.operation, syncTime: job.syncTime,
                number: number, pass: batch.pass, attempts: batch.attempts, payload: batch.payload, jobUsers: job.totalUsers)
            leased.isRetry = job.retryOf != nil
            leased.hasCallbackURL = job.callbackURL != nil
            leased.expiresAt = end
            return leased
        }
        refresh(tenantID, now: now)
        return leased
    }

    /// Makes batches of the last pass out of users who wait.
    mutating func cutDeferred(_ at: Int, upTo limit: Int, where isMeant: (UInt32) -> Bool = { _ in true }) {
        let waiting = disk.entries[at].deferred.filter { isMeant($0.key) }.sorted { $0.key < $1.key }
        let first = waiting.prefix(limit * 100)
        for (index, _) in first { disk.entries[at].deferred[index] = nil }
        for batch in first.map({ (index: $0.key, record: $0.value) }).batches {
            disk.entries[at].batches.append(QueueDisk.Batch(payload: batch.payload, pass: .conflicts))
            disk.entries[at].job.batches += 1
        }
    }

    mutating func start(_ at: Int, _ now: Timestamp) {
        guard disk.entries[at].job.state == .queued else { return }
        disk.entries[at].job.state = .running
        disk.entries[at].job.startedAt = now
    }

    /// Ends a batch of a job that is cancelled: as applied where users of it were, else as dropped.
    mutating func drop(_ at: Int, _ number: Int, _ applied: [AppliedUser]?, _ ahead: [UInt32: AppliedUser]) {
        let payload = disk.entries[at].batches[number].payload
        var users = applied ?? []
        if applied == nil { payload.forEach { record in if let user = ahead[record.index] { users.append(user) } } }
        guard applied == nil, users.isEmpty else { return settle(at, number, users, deferred: []) }
        disk.entries[at].job.counts.cancelled += payload.count
        disk.entries[at].job.batchesDone += 1
        disk.entries[at].batches[number].end = .dropped
    }

    /// Ends a batch as applied.
    /// - Parameter payload: the records of those whose results are to be kept; `nil`: of all.
    mutating func settle(
        _ at: Int, _ number: Int, _ users: [AppliedUser], deferred: Set<UInt32>, payload: BatchPayload? = nil,
        lostResults: Int = 0
    ) {
        let batch = disk.entries[at].batches[number]
        let keepsDeferred = !disk.entries[at].job.cancelRequested && batch.pass == .first
        var left = batch.payload.count - users.count
        var failed: Set<UInt32> = []
        for user in users {
            disk.entries[at].job.counts[user.outcome] += 1
            guard user.outcome == .failed else { continue }
            failed.insert(user.index)
            if let code = user.code { disk.entries[at].job.failedCodes[code.word, default: 0] += 1 }
        }
        let payload = payload ?? batch.payload
        payload.forEachRaw { raw, record in
            if failed.contains(record.index) { disk.entries[at].batches[number].failed.append((record.index, Array(raw))) }
            guard keepsDeferred, deferred.contains(record.index) else { return }
            disk.entries[at].deferred[record.index] = Array(raw)
            left -= 1
        }
        disk.entries[at].job.counts.cancelled += max(0, left)
        if lostResults > 0 {
            disk.entries[at].job.warnings = LostResults.adding(lostResults, to: disk.entries[at].job.warnings)
        }
        disk.entries[at].job.batchesDone += 1
        disk.entries[at].batches[number].end = .applied
        disk.entries[at].batches[number].results = payload.results(of: users)
        if disk.entries[at].backoff?.batch == number { disk.entries[at].backoff = nil }
    }

    /// Ends a job that may end, where `ending` says how. `clock`: the time that stands.
    mutating func end(_ at: Int, now: Timestamp, clock: Timestamp, as ending: (Job) -> JobEnding?) throws -> Bool {
        var job = disk.entries[at].job
        let last = disk.ends[job.tenantID] ?? (sequence: 0, endedAt: now)
        let moment = last.endedAt <= clock ? max(now, last.endedAt) : now
        let sequence = nextSequence(of: job)
        job.sequence = sequence
        job.endedAt = moment
        guard let ending = ending(job) else { return false }
        guard ending.state.isEnd else { throw QueueError.refused("\(ending.state) is not the end of a job") }
        disk.entries[at].job = job.ended(as: ending.state, at: moment, error: ending.error)
        if let warning = ending.warning { disk.entries[at].job.warnings.append(warning) }
        disk.ends[job.tenantID] = (sequence, moment)
        if tenant(named: job.sentTenantID) != job.tenantID { disk.raise(job.sentTenantID, above: sequence) }
        jobsEnded.append(job.id)
        if let delivery = ending.delivery { post(delivery, now: now) }
        return true
    }

    /// Whether a later job of the tenant waits for its end.
    /// - Parameter others: jobs that are not meant.
    func hasLaterEnding(_ at: Int, besides others: Set<Int> = []) -> Bool {
        disk.entries.indices[(at + 1)...].contains {
            disk.entries[$0].job.tenantID == disk.entries[at].job.tenantID && !others.contains($0)
                && (disk.entries[$0].isEndable || disk.entries[$0].isCancelling)
        }
    }

    mutating func finish(
        _ batches: [FinishedBatch], now: Timestamp, clock: Timestamp, ending: (Job) -> JobEnding?
    ) throws -> FinishedJobs {
        var touched: Set<Int> = []
        var jobs = FinishedJobs()
        for finished in batches {
            guard let lease = disk.leases.removeValue(forKey: finished.batch.lease), let at = disk.index(of: lease.jobID),
                disk.entries[at].batches[lease.number].end == .open
            else {
                jobs.lost.append(finished.batch.lease)
                continue
            }
            start(at, lease.leasedAt)
            settle(
                at, lease.number, finished.users, deferred: finished.deferred, payload: finished.batch.payload,
                lostResults: finished.lostResults)
            touched.insert(at)
        }
        for at in touched.sorted() where disk.entries[at].isEndable {
            if try disk.mayEnd(at) && end(at, now: now, clock: clock, as: ending) {
                jobs.ended.append(disk.entries[at].job)
                if hasLaterEnding(at, besides: touched) { jobsWaiting += 1 }
            } else {
                jobs.endable.append(disk.entries[at].job)
            }
        }
        for at in touched.sorted() { refresh(disk.entries[at].job.tenantID, now: now) }
        if touched.contains(where: { disk.entries[$0].job.cancelRequested }) { jobsWaiting += 1 }
        return jobs
    }

    mutating func retry(_ lease: LeaseID, at moment: Timestamp, error: String, now: Timestamp) throws {
        guard let batch = disk.leases.removeValue(forKey: lease), let at = disk.index(of: batch.jobID) else {
            throw QueueError.leaseLost
        }
        start(at, batch.leasedAt)
        disk.entries[at].batches[batch.number].attempts += 1
        let attempt = BatchAttempt(
            batch: batch.number, attempt: disk.entries[at].batches[batch.number].attempts, at: now, error: error)
        disk.entries[at].job.attempts = Array(([attempt] + disk.entries[at].job.attempts).prefix(20))
        if disk.entries[at].job.cancelRequested {
            jobsWaiting += 1
        } else if disk.entries[at].backoff.map({ $0.until <= moment }) ?? true {
            disk.entries[at].backoff = (batch.number, moment, error)
        }
        refresh(batch.tenantID, now: now)
    }
}
