package import JobQueue
package import SyncModel

extension MemoryJobQueue {
    package func readyTenants(now: Timestamp, limit: Int) async throws -> [TenantID] {
        try change { state in
            let due = state.disk.entries.filter { $0.backoff.map { State.isOver($0.until, at: now) } ?? false }
            for entry in due.sorted(by: { ($0.backoff?.until ?? now) < ($1.backoff?.until ?? now) }) {
                if let at = state.disk.index(of: entry.job.id) { state.disk.entries[at].backoff = nil }
                state.refresh(entry.job.tenantID, now: now)
            }
            state.ready = []
            return Array(state.line.prefix(limit))
        }
    }

    package func nextRetry() async throws -> Timestamp? {
        try look { state in
            let backoffs = state.disk.entries.filter(\.isWorking).compactMap { entry in
                entry.backoff.map { (entry.job.tenantID, $0.until) }
            }
            return Dictionary(backoffs, uniquingKeysWith: max).values.min()
        }
    }

    package var readyCount: Int { (try? look { $0.disk.tickets.count }) ?? 0 }

    package func lease(_ request: LeaseRequest, now: Timestamp) async throws -> [LeasedBatch] {
        let end = clock.now().advanced(bySeconds: request.seconds)
        return try change { state in state.lease(request, now: now, until: end) }
    }

    package func renew(_ leases: [LeaseID], for seconds: Double, now: Timestamp) async throws -> [LeaseID] {
        let end = clock.now().advanced(bySeconds: seconds)
        return try change { state in
            leases.filter { lease in
                guard let held = state.disk.leases[lease], held.owner == state.process else { return true }
                state.disk.leases[lease]?.end = max(held.end, end)
                return false
            }
        }
    }

    package func unlock(_ leases: [LeaseID]) async {
        let now = clock.now()
        _ = try? change { state in
            for lease in leases {
                guard let tenantID = state.disk.leases[lease]?.tenantID else { continue }
                state.disk.leases[lease]?.isUnlocked = true
                state.refresh(tenantID, now: now)
            }
        }
    }

    package func release(_ leases: [LeaseID]) async {
        let now = clock.now()
        _ = try? change { state in
            let given = leases.compactMap { state.disk.leases.removeValue(forKey: $0) }
            if given.contains(where: { held in
                state.disk.index(of: held.jobID).map { state.disk.entries[$0].job.cancelRequested } ?? false
            }) {
                state.jobsWaiting += 1
            }
            for held in given { state.refresh(held.tenantID, now: now) }
        }
    }

    package func finish(
        _ batches: [FinishedBatch], now: Timestamp, ending: @escaping @Sendable (Job) -> JobEnding?
    ) async throws -> FinishedJobs {
        let time = clock.now()
        return try change { state in try state.finish(batches, now: now, clock: time, ending: ending) }
    }

    package func retry(_ lease: LeaseID, at moment: Timestamp, error: String, now: Timestamp) async throws {
        try change { state in try state.retry(lease, at: moment, error: error, now: now) }
    }

    package func end(
        _ job: JobID, now: Timestamp, ending: @escaping @Sendable (Job) -> JobEnding
    ) async throws -> Job? {
        let time = clock.now()
        return try change { state in
            guard let at = state.disk.index(of: job), !state.disk.entries[at].job.state.isEnd else { return nil }
            guard state.disk.entries[at].isEndable else { throw QueueError.refused("The job has open batches") }
            guard try state.disk.mayEnd(at) && state.end(at, now: now, clock: time, as: ending) else { return nil }
            if state.hasLaterEnding(at) { state.jobsWaiting += 1 }
            return state.disk.entries[at].job
        }
    }

    package func endable(limit: Int) async throws -> [Job] {
        try look { state in
            let disk = state.disk
            let first = disk.entries.indices.filter { disk.entries[$0].isEndable && disk.mayEnd($0) }
            let tenants = Set(first.map { disk.entries[$0].job.tenantID })
            let others = disk.entries.indices.filter { at in
                disk.entries[at].isEndable && tenants.contains(disk.entries[at].job.tenantID) && !first.contains(at)
            }
            return (first + others).prefix(limit).map { disk.entries[$0].job }
        }
    }
}
