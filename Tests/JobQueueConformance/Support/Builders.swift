package import JobQueue
package import SyncModel
import TestSupport
import Testing

/// A payload of users with these indices; user 7 has the id `u7` and the email `u7@example.com`.
package func payload(_ indices: some Sequence<Int>) -> BatchPayload {
    var writer = UserRecordWriter()
    for index in indices {
        writer.begin(index: UInt32(index))
        writer.set(.id, text: "u\(index)")
        writer.set(.email, text: "u\(index)@example.com")
        writer.set(.name, text: "User \(index)")
        writer.end()
    }
    return BatchPayload(writer)
}

package func batch(_ indices: some Collection<Int>) -> NewBatch {
    NewBatch(
        payload: payload(indices), firstIndex: UInt32(indices.min() ?? 0), lastIndex: UInt32(indices.max() ?? 0))
}

/// Batches of `size` users in index order.
package func batches(_ users: Int, size: Int = 100) -> [NewBatch] {
    stride(from: 0, to: users, by: size).map { batch($0..<min($0 + size, users)) }
}

extension BatchPayload {
    package var indices: [Int] {
        var found: [Int] = []
        forEach { found.append(Int($0.index)) }
        return found
    }

    package var ids: [String] {
        var found: [String] = []
        forEach { found.append($0.text(.id) ?? "") }
        return found
    }
}

extension QueueFixture {
    package func newJob(
        _ tenantID: TenantID, users: Int, source: String = "wrapper", idempotency: NewJob.Idempotency? = nil
    ) -> NewJob {
        var job = NewJob(
            id: JobID(now: now), operation: .userSync, tenantID: tenantID, tenantName: "Tenant \(tenantID)", source: source,
            syncTime: now.advanced(bySeconds: -60), acceptedAt: now, totalUsers: users, requestID: "request-\(users)")
        job.idempotency = idempotency
        return job
    }

    /// Claims an idempotency key that is free.
    package func claim(
        _ queue: any JobQueue, _ key: String, of tenantID: TenantID = "a", path: String = "/sync"
    ) async throws -> KeyClaim {
        let claim = try await queue.claim(tenantID: tenantID, path: path, key: key, now: now)
        guard case .claimed(let claim) = claim else { return try #require(nil, "\(key) is \(claim)") }
        return claim
    }

    /// Accepts a job of `users` users in batches of `size`; the clock moves on by a millisecond.
    @discardableResult
    package func accept(_ queue: any JobQueue, _ tenantID: TenantID, users: Int, size: Int = 100, source: String = "wrapper")
        async throws
        -> Job
    {
        let job = try await queue.accept(
            newJob(tenantID, users: users, source: source), upload: nil, batches: batches(users, size: size))
        clock.advance(0.001)
        return job
    }

    /// Accepts a job of one user that calls its tenant by further names.
    /// - Parameter users: the tenants that have users, as the directory says; `nil`: it says nothing.
    @discardableResult
    package func accept(
        _ queue: any JobQueue, _ sent: TenantID, calling others: [TenantID] = [], withUsers users: Set<TenantID>? = []
    ) async throws -> Job {
        var job = newJob(sent, users: 1)
        job.otherTenantIDs = others
        for name in try await queue.unasked(job.tenantNames) { job.hasUsers[name] = users?.contains(name) }
        let accepted = try await queue.accept(job, upload: nil, batches: batches(1))
        clock.advance(0.001)
        return accepted
    }

    package func lease(_ queue: any JobQueue, _ tenantID: TenantID, _ count: Int = 1, smallJobs: Int = 1) async throws
        -> [LeasedBatch]
    {
        var request = LeaseRequest(of: tenantID, batches: count, smallJobs: smallJobs)
        request.seconds = Self.leaseSeconds
        return try await queue.lease(request, now: now)
    }

    /// Leases and finishes all of the tenant's work, ending its jobs without a webhook.
    package func work(
        _ queue: any JobQueue, _ tenantID: TenantID, failing: Set<Int> = [], deliver: Bool = false
    ) async throws {
        while true {
            let leased = try await lease(queue, tenantID, 10)
            guard !leased.isEmpty else { return }
            for job in try await queue.finish(leased.map { $0.finished(failing: failing) }, now: now) {
                try await end(queue, job, deliver: deliver)
            }
        }
    }

    @discardableResult
    package func end(_ queue: any JobQueue, _ job: Job, deliver: Bool = false) async throws -> Bool {
        try await queue.end(
            JobEnding(
                jobID: job.id, state: .end(of: job.counts, cancelRequested: job.cancelRequested),
                delivery: deliver ? delivery("msg_\(job.id)", job: job) : nil),
            now: now)
    }

    package func delivery(_ id: String, of tenantID: TenantID) -> NewDelivery {
        var delivery = delivery(id)
        delivery.head.tenantID = tenantID
        return delivery
    }

    package func delivery(_ id: String, job: Job? = nil, host: String = "wrapper.example") -> NewDelivery {
        var delivery = NewDelivery(
            id: id, jobID: job?.id, type: "user_sync.completed", url: "https://\(host)/hook", isConfiguredURL: true,
            body: Array("{\"id\":\"\(id)\"}".utf8), tenantID: job?.tenantID, source: job?.source, traceparent: nil)
        if let job, job.sentTenantID != job.tenantID { delivery.head.sentTenantID = job.sentTenantID }
        return delivery
    }
}

extension QueueFixture {
    /// Leases the deliveries that are due.
    package func leaseDeliveries(_ queue: any JobQueue, _ limit: Int = 1000, for seconds: Int = 60) async throws
        -> [LeasedDelivery]
    {
        try await queue.leaseDeliveries(DeliveryQuery(limit: limit), now: now, for: .seconds(seconds))
    }

    /// Makes an attempt at a delivery that is due, as the courier does.
    package func attempt(
        _ queue: any JobQueue, _ id: String, _ next: DeliveryAttempt.Next, status: Int? = nil, error: String? = nil
    ) async throws {
        let leased = try await leaseDeliveries(queue)
        await queue.release(leased.filter { $0.delivery.what.id != id })
        let mine = try #require(leased.first { $0.delivery.what.id == id })
        try await queue.record(DeliveryAttempt(mine, at: now, status: status, error: error, next: next))
    }
}

extension LeasedBatch {
    /// As the directory would report it: users created, those in `failing` failed, those in `deferring` put off.
    package func finished(failing: Set<Int> = [], deferring: Set<Int> = [], outcome: UserOutcome = .created) -> FinishedBatch {
        let users = payload.indices.filter { !deferring.contains($0) }.map { index in
            failing.contains(index)
                ? AppliedUser(index: UInt32(index), outcome: .failed, code: .refusedByDatabase, detail: "refused")
                : AppliedUser(index: UInt32(index), outcome: outcome, crmUserID: Int64(index) + 1000)
        }
        return FinishedBatch(
            batch: self, users: users, deferred: Set(payload.indices.filter { deferring.contains($0) }.map { UInt32($0) }))
    }
}

extension JobQueue {
    /// All results, page by page.
    package func allResults(of id: JobID, status: ResultStatusFilter? = nil, limit: Int = 1000) async throws -> [UserResult] {
        var found: [UserResult] = []
        var cursor: String?
        repeat {
            let page = try await results(of: id, status: status, limit: limit, cursor: cursor)
            #expect(page.items.count <= limit)
            found += page.items
            cursor = page.nextCursor
        } while cursor != nil
        return found
    }

    package func allJobs(_ filter: JobFilter = JobFilter(), limit: Int = 2) async throws -> [Job] {
        var found: [Job] = []
        var cursor: String?
        repeat {
            let page = try await jobs(filter, limit: limit, cursor: cursor)
            found += page.items
            cursor = page.nextCursor
        } while cursor != nil
        return found
    }
}
