import JobQueue
import SyncModel
import Synchronization

extension RoughQueue {
    func readyTenants(now: Timestamp, limit: Int) async throws -> [TenantID] {
        try await call(nil, .read) { try await base.readyTenants(now: now, limit: limit) }
    }
    func nextRetry() async throws -> Timestamp? { try await base.nextRetry() }

    var readyCount: Int { base.readyCount }

    func lease(_ request: LeaseRequest, now: Timestamp) async throws -> [LeasedBatch] {
        let leased = try await call(nil, .read) {
            try await base.lease(request, now: now)
        } told: { leased in
            let time = clock.now()
            monitor.leases { $0.granted(leased, to: weather.life, at: time) }
        }
        note("lease for \(request.tenants) tenants: \(names(leased))")
        leases.withLock { leases in for batch in leased { leases[batch.lease] = batch.tenantID } }
        return leased
    }
    func unlock(_ leases: [LeaseID]) async {
        await weather.pass()
        await base.unlock(leases)
        note("unlock")
    }
    func release(_ leases: [LeaseID]) async {
        await weather.pass()
        // Then they run out, where leases do.
        if weather.scenario.driver == .memory, case .fails = weather.fate(failing: weather.scenario.faults.queueFails, losing: 0)
        {
            return note("release fails")
        }
        await base.release(leases)
        guard !weather.executor.isDead else { return }
        monitor.leases { watched in
            watched.gaveBack(leases, of: weather.life)
            return nil
        }
        note("release")
    }
    func renew(_ leases: [LeaseID], for seconds: Double, now: Timestamp) async throws -> [LeaseID] {
        func isHindered() {
            let time = clock.now()
            monitor.leases { watched in
                watched.hindered(weather.life, at: time)
                return nil
            }
        }
        return try await call("renew \(leases.count)", .write) {
            try await base.renew(leases, for: seconds, now: now)
        } told: { lost in
            let end = clock.now().advanced(bySeconds: seconds)
            monitor.leases { watched in
                watched.renewed(leases.filter { !lost.contains($0) }, of: weather.life, until: end)
                return nil
            }
        } isHindered: {
            isHindered()
        }
    }

    func finish(
        _ batches: [FinishedBatch], now: Timestamp, ending: @escaping @Sendable (Job) -> JobEnding?
    ) async throws -> FinishedJobs {
        let deliveries = Mutex<[JobID: NewDelivery]>([:])
        return try await call("finish \(names(batches.map(\.batch)))", .write) {
            try await base.finish(batches, now: now) { job in
                let ending = ending(job)
                deliveries.withLock { $0[job.id] = ending?.delivery }
                return ending
            }
        } told: { finished in
            let time = clock.now()
            monitor.leases {
                $0.finished(
                    batches.map(\.batch), lost: Set(finished.lost), of: weather.life, at: time,
                    seconds: weather.scenario.leaseSeconds)
            }
            for job in finished.ended {
                monitor.ended(job.id, at: weather.scheduler.now)
                if let delivery = deliveries.withLock({ $0[job.id] }) { monitor.posted(delivery.id, dueAt: now) }
            }
        }
    }

    func retry(_ lease: LeaseID, at moment: Timestamp, error: String, now: Timestamp) async throws {
        try await call("retry", .write) {
            try await base.retry(lease, at: moment, error: error, now: now)
        } told: {
            monitor.leases { watched in
                watched.gaveBack([lease], of: weather.life)
                return nil
            }
            if let tenantID = leases.withLock({ $0[lease] }) { monitor.putOff(tenantID, until: moment) }
        }
    }

    func end(_ job: JobID, now: Timestamp, ending: @escaping @Sendable (Job) -> JobEnding) async throws -> Job? {
        let delivery = Mutex<NewDelivery?>(nil)
        return try await call("end \(name(job))", .write) {
            try await base.end(job, now: now) { job in
                let ending = ending(job)
                delivery.withLock { $0 = ending.delivery }
                return ending
            }
        } told: { ended in
            guard ended != nil else { return }
            monitor.ended(job, at: weather.scheduler.now)
            if let delivery = delivery.withLock({ $0 }) { monitor.posted(delivery.id, dueAt: now) }
        }
    }
    func endable(limit: Int) async throws -> [Job] { try await call(nil, .read) { try await base.endable(limit: limit) } }
}
