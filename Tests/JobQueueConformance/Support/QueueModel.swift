import JobQueue
import SyncModel
import TestSupport
import Testing

/// What a queue should hold after a sequence of calls, kept the plain way; it makes the calls and checks every answer.
struct QueueModel {
    struct ModelJob {
        var id: JobID
        var tenantID: TenantID
        var users: Int
        var counts = JobCounts()
        var started = false
        var cancelRequested = false
        var state: JobState?
        var delivered = false
    }

    let fixture: QueueFixture
    var queue: any JobQueue
    var random: SeededGenerator
    /// In the order accepted.
    var jobs: [ModelJob] = []
    var turns: [TenantID: [LeasedBatch]] = [:]
    /// Until when a job was put off last.
    var backoff: [JobID: Timestamp] = [:]
    /// Ends so far of each tenant's jobs, those pruned since too.
    private var sequences: [TenantID: Int64] = [:]
    private let tenants: [TenantID] = ["a", "b", "c"]

    init(fixture: QueueFixture, queue: any JobQueue, seed: UInt64) {
        self.fixture = fixture
        self.queue = queue
        random = SeededGenerator(seed: seed)
    }

    /// One call, chosen at random.
    mutating func step() async throws {
        fixture.clock.advance(Double.random(in: 0...2, using: &random))
        let tenant = tenants.randomElement(using: &random) ?? "a"
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<18: try await accept(tenant)
        case 18..<45: try await lease(tenant)
        case 45..<70: try await finish(tenant)
        case 70..<74: await release(tenant)
        case 74..<80: try await retry(tenant)
        case 80..<86: try await cancel()
        case 86..<93: try await endAll()
        case 93..<97: try await retryFailed()
        default: try await prune()
        }
    }

    /// Works until nothing is open.
    mutating func drain() async throws {
        for _ in 0..<10_000 where jobs.contains(where: { $0.state == nil }) {
            fixture.clock.advance(60)
            for tenant in tenants {
                if turns[tenant] == nil { try await lease(tenant) }
                try await finish(tenant)
            }
            for id in try await queue.cancelling(limit: 10) { try await cancel(id) }
            try await endAll()
        }
        #expect(jobs.allSatisfy { $0.state != nil }, "every job ends")
    }

    // MARK: Calls

    private mutating func accept(_ tenant: TenantID) async throws {
        let users = Int.random(in: 0...35, using: &random)
        let job = try await fixture.accept(queue, tenant, users: users, size: 10)
        jobs.append(ModelJob(id: job.id, tenantID: tenant, users: users))
    }

    /// The job that a tenant must be leased batches of.
    private func head(_ tenant: TenantID) -> ModelJob? { next(tenant, 1).first }

    /// The first of the tenant's jobs that have work.
    private func next(_ tenant: TenantID, _ count: Int) -> [ModelJob] {
        let open = jobs.lazy.filter {
            $0.tenantID == tenant && $0.state == nil && !$0.cancelRequested && $0.counts.settled < $0.users
        }
        return Array(open.prefix(count))
    }

    private mutating func lease(_ tenant: TenantID) async throws {
        let ready = try await queue.readyTenants(now: fixture.now, limit: 10)
        let leased = try await fixture.lease(
            queue, tenant, Int.random(in: 1...3, using: &random), smallJobs: Int.random(in: 1...4, using: &random))
        let isFree = turns[tenant] == nil && !isPutOff(tenant)
        #expect(ready.contains(tenant) == !leased.isEmpty)
        #expect(leased.isEmpty == !(isFree && head(tenant) != nil), "who is free and has work is served")
        guard !leased.isEmpty else { return }
        let ids = Set(leased.map(\.jobID))
        #expect(ids == Set(next(tenant, ids.count).map(\.id)), "the first accepted jobs that have work")
        if ids.count == 1 {
            #expect(leased.map(\.number) == leased.map(\.number).sorted())
        } else {
            #expect(leased.map(\.jobID) == next(tenant, ids.count).map(\.id), "small ones in their order")
            #expect(leased.allSatisfy { $0.number == 0 && $0.attempts == 0 && $0.jobUsers <= 10 })
        }
        turns[tenant] = leased
        // The start of a job of one batch is written with what comes of it.
        change(try leased.at(0).jobID) { if $0.users > 10 { $0.started = true } }
    }

    private mutating func finish(_ tenant: TenantID) async throws {
        guard var turn = turns[tenant] else { return }
        let count = Int.random(in: 1...turn.count, using: &random)
        var finished: [FinishedBatch] = []
        for batch in turn.prefix(count) {
            let failing = Set(batch.payload.indices.filter { _ in Int.random(in: 0..<20, using: &random) == 0 })
            let deferring =
                batch.pass == .conflicts
                ? [] : Set(batch.payload.indices.filter { _ in Int.random(in: 0..<10, using: &random) == 0 }).subtracting(failing)
            finished.append(batch.finished(failing: failing, deferring: deferring))
            change(batch.jobID) { job in
                job.started = true
                job.counts.failed += failing.count
                job.counts.created += batch.payload.count - failing.count - deferring.count
                if job.cancelRequested { job.counts.cancelled += deferring.count }
            }
        }
        let endable = try await queue.finish(finished, now: fixture.now)
        turn.removeFirst(count)
        await queue.release(turn.map(\.lease))
        turns[tenant] = nil
        for job in endable { #expect(try #require(model(job.id)).counts == job.counts) }
    }

    private mutating func release(_ tenant: TenantID) async {
        guard let turn = turns.removeValue(forKey: tenant) else { return }
        await queue.release(turn.map(\.lease))
    }

    private mutating func retry(_ tenant: TenantID) async throws {
        guard let turn = turns.removeValue(forKey: tenant), let job = model(try turn.at(0).jobID) else { return }
        let due = fixture.now.advanced(bySeconds: Double.random(in: 0...10, using: &random))
        try await queue.retry(turn.at(0).lease, at: due, error: "busy", now: fixture.now)
        change(job.id) { $0.started = true }
        if !job.cancelRequested { backoff[job.id] = due }
        for batch in turn.dropFirst() {
            guard batch.jobID != job.id, let next = model(batch.jobID), Bool.random(using: &random) else {
                await queue.release([batch.lease])
                continue
            }
            // The next small job was applied with it: its results may be written although those before it are not.
            let due = fixture.now.advanced(bySeconds: Double.random(in: 0...10, using: &random))
            change(next.id) { $0.started = true }
            if Bool.random(using: &random) {
                try await queue.retry(batch.lease, at: due, error: "busy", now: fixture.now)
                if !next.cancelRequested { backoff[next.id] = due }
            } else {
                change(next.id) { $0.counts.created += batch.payload.count }
                _ = try await queue.finish([batch.finished()], now: fixture.now)
            }
        }
    }

    private func isPutOff(_ tenant: TenantID) -> Bool {
        jobs.contains { $0.tenantID == tenant && backoff[$0.id].map { $0 > fixture.now } ?? false }
    }

    private mutating func cancel() async throws {
        guard let job = jobs.randomElement(using: &random) else { return }
        try await cancel(job.id)
    }

    private mutating func cancel(_ id: JobID) async throws {
        let (job, unstarted): (Job, [Int])
        var ahead: [AppliedUser]?
        switch try await queue.requestCancel(id, now: fixture.now) {
        case .unknown, .ended: return
        case .requested(let marked, let open): (job, unstarted) = (marked, open)
        case .requestedInLastPass(let marked, let open):
            (job, unstarted) = (marked, open)
            ahead = (0..<marked.totalUsers).filter { _ in Int.random(in: 0..<3, using: &random) == 0 }.map {
                AppliedUser(index: UInt32($0), outcome: .updated, crmUserID: 1)
            }
        }
        change(id) { $0.cancelRequested = true }
        backoff[id] = nil
        _ = try await queue.drop(id, batches: unstarted, applied: [:], settledAhead: ahead, now: fixture.now)
        // What was dropped is the queue's to say; that it adds up is checked against what is held.
        let present = try #require(try await queue.job(id))
        let held = turns[job.tenantID]?.filter { $0.jobID == id } ?? []
        if held.contains(where: { $0.pass == .conflicts }) {
            #expect(present.counts == job.counts && unstarted.isEmpty, "nothing of a last pass goes beside a batch of it")
        } else {
            #expect(present.counts.settled == present.totalUsers - held.reduce(0) { $0 + $1.payload.count })
        }
        #expect(present.counts.updated <= job.counts.updated + (ahead?.count ?? 0))
        change(id) { ($0.counts.cancelled, $0.counts.updated) = (present.counts.cancelled, present.counts.updated) }
    }

    private mutating func endAll() async throws {
        for job in try await queue.endable(limit: 100) {
            #expect(job.counts.settled == job.totalUsers)
            let deliver = Bool.random(using: &random)
            // A job that is being cancelled and whose batches are held still ends before those accepted after it. So does one
            // that waits itself, and before those that were applied any.
            let waits = jobs.prefix(while: { $0.id != job.id }).contains {
                $0.tenantID == job.tenantID && $0.state == nil
                    && ($0.cancelRequested || $0.counts.settled == $0.users || job.counts.applied > 0)
            }
            #expect(try await fixture.end(queue, job, deliver: deliver) == !waits)
            if waits { continue }
            sequences[job.tenantID, default: 0] += 1
            let ended = try #require(try await queue.job(job.id))
            #expect(ended.sequence == sequences[job.tenantID], "the tenant's next number")
            change(job.id) { model in
                model.state = .end(of: model.counts, cancelRequested: model.cancelRequested)
                model.delivered = deliver
            }
            if deliver {
                try await fixture.attempt(
                    queue, "msg_\(job.id)", Bool.random(using: &random) ? .delivered : .dead, status: 200)
            }
        }
    }

    private mutating func retryFailed() async throws {
        guard let job = jobs.randomElement(using: &random) else { return }
        let request = try await queue.retryFailed(of: job.id, as: JobID(now: fixture.now), requestID: "r", now: fixture.now)
        switch request {
        case .linked(let linked, existing: false):
            #expect(linked.totalUsers == job.counts.failed)
            jobs.append(ModelJob(id: linked.id, tenantID: linked.tenantID, users: linked.totalUsers))
        case .linked(let linked, existing: true): #expect(model(linked.id)?.state == nil)
        case .open: #expect(job.state == nil)
        case .nothingFailed: #expect(job.counts.failed == 0)
        case .unknown: Issue.record("a job is known until it is pruned")
        }
    }

    private mutating func prune() async throws {
        try await queue.ledgerForgotten(try await queue.endedWithLedger(endedBefore: .distantFuture, limit: 1000))
        let before = fixture.now.advanced(bySeconds: -30)
        let pruned = try await queue.prune(jobsBefore: before, keysBefore: before, limit: 1000)
        var gone = 0
        for (at, job) in jobs.enumerated().reversed() where job.state != nil {
            if try await queue.job(job.id) == nil {
                jobs.remove(at: at)
                gone += 1
            }
        }
        #expect(gone == pruned)
    }

    /// The queue's process is killed: leases are gone, all else stands.
    mutating func restarted(_ queue: any JobQueue) {
        self.queue = queue
        turns = [:]
    }

    // MARK: Checks

    /// Compares everything the queue says with what it should.
    func check() async throws {
        for job in jobs {
            let present = try #require(try await queue.job(job.id))
            #expect(present.counts == job.counts)
            #expect(present.state == job.state ?? (job.started ? .running : .queued))
            #expect(present.cancelRequested == job.cancelRequested)
        }
        let statistics = try await queue.statistics(now: fixture.now)
        for state in JobState.allCases {
            let expected = jobs.filter { ($0.state ?? ($0.started ? .running : .queued)) == state }.count
            #expect(statistics.jobs[state] == expected, "\(state)")
        }
        #expect(statistics.pendingUsers == jobs.reduce(0) { $0 + $1.users - $1.counts.settled })
        #expect(try await queue.allJobs(limit: 50).map(\.id) == jobs.reversed().map(\.id))
        for tenant in tenants {
            let open = jobs.filter { $0.tenantID == tenant && $0.state == nil }
            let backlog = statistics.tenants.first { $0.tenantID == tenant }
            #expect(backlog?.openJobs ?? 0 == open.count)
            #expect(backlog?.pendingUsers ?? 0 == open.reduce(0) { $0 + $1.users - $1.counts.settled })
        }
    }

    private func model(_ id: JobID) -> ModelJob? { jobs.first { $0.id == id } }

    private mutating func change(_ id: JobID, _ body: (inout ModelJob) -> Void) {
        if let at = jobs.firstIndex(where: { $0.id == id }) { body(&jobs[at]) }
    }
}
