package import JobQueue
package import SyncModel
import Synchronization

extension MemoryJobQueue {
    package func job(_ id: JobID) async throws -> Job? {
        try look { state in state.disk.index(of: id).map { state.disk.entries[$0].job } }
    }

    package func jobs(_ filter: JobFilter, limit: Int, cursor: String?) async throws -> Page<Job> {
        let before = try cursor.map { try Cursor.numbers($0, "j", count: 2) } ?? [.max, .max]
        let found = try look { state in
            let tenants = filter.tenantID.map { state.tenants(listedAs: $0) }
            return state.disk.entries.filter { entry in
                let job = entry.job
                return (job.acceptedAt.microseconds, Int64(entry.seq)) < (before[0], before[1])
                    && filter.state ?? job.state == job.state && tenants?.contains(job.tenantID) ?? true
                    && filter.source ?? job.source == job.source && filter.since.map { job.acceptedAt >= $0 } ?? true
                    && filter.until.map { job.acceptedAt < $0 } ?? true
            }.sorted { ($0.job.acceptedAt, $0.seq) > ($1.job.acceptedAt, $1.seq) }
        }
        let page = found.prefix(limit)
        let next = page.last.map { Cursor.text("j", $0.job.acceptedAt.microseconds, Int64($0.seq)) }
        return Page(items: page.map(\.job), nextCursor: found.count > limit ? next : nil)
    }

    package func results(
        of id: JobID, status: ResultStatusFilter?, limit: Int, cursor: String?
    ) async throws -> Page<UserResult> {
        let number = try cursor.map { try Cursor.numbers($0, "r", count: 1)[0] } ?? 0
        guard let first = UInt32(exactly: number) else { throw QueueError.badCursor }
        let found = try look { state -> [UserResult] in
            guard let at = state.disk.index(of: id) else { return [] }
            return state.disk.entries[at].batches.flatMap(\.results).filter { result in
                result.applied.index >= first && status.map { $0.rawValue == result.applied.outcome.status } ?? true
            }.sorted { $0.applied.index < $1.applied.index }
        }
        let next = found.count > limit ? Cursor.text("r", Int64(found[limit].applied.index)) : nil
        return Page(items: Array(found.prefix(limit)), nextCursor: next)
    }

    package func keepResults(of id: JobID) -> ResultsHold? {
        _ = try? change { $0.disk.readers[id, default: 0] += 1 }
        return ResultsHold { [weak self] in
            _ = try? self?.change { state in
                state.disk.readers[id, default: 1] -= 1
                if state.disk.readers[id] == 0 { state.disk.readers[id] = nil }
            }
        }
    }

    package func statistics(now: Timestamp) async throws -> QueueStatistics {
        // Looks at the disk where that is due.
        _ = admission()
        let free = freeDisk.withLock { $0?.bytes }
        return try look { state in
            var found = QueueStatistics()
            for word in JobState.allCases { found.jobs[word] = state.disk.entries.count { $0.job.state == word } }
            let open = state.disk.entries.filter { !$0.job.state.isEnd }
            found.pendingUsers = open.reduce(0) { $0 + $1.pendingUsers }
            found.oldestPendingAcceptedAt = open.map(\.job.acceptedAt).min()
            found.tenants = Array(
                Dictionary(grouping: open, by: \.job.tenantID).map { tenantID, entries in
                    let held = state.disk.leases.values.filter { $0.tenantID == tenantID }.map(\.jobID)
                    let current =
                        entries.first { held.contains($0.job.id) } ?? entries.first { $0.isWorking && $0.job.state == .running }
                    return TenantBacklog(
                        tenantID: tenantID, openJobs: entries.count, pendingUsers: entries.reduce(0) { $0 + $1.pendingUsers },
                        currentJob: current?.job.id)
                }.sorted { ($1.pendingUsers, $0.tenantID) < ($0.pendingUsers, $1.tenantID) }.prefix(20))
            found.retrying = Array(
                open.compactMap { entry in
                    entry.backoff.flatMap { backoff in
                        backoff.until <= now
                            ? nil
                            : RetryingBatch(
                                jobID: entry.job.id, tenantID: entry.job.tenantID, batch: backoff.batch,
                                attempts: entry.batches[backoff.batch].attempts, nextAttemptAt: backoff.until,
                                lastError: backoff.error)
                    }
                }.sorted { $0.nextAttemptAt < $1.nextAttemptAt }.prefix(20))
            let posted = state.disk.posted.map(\.delivery)
            found.deliveriesPending = posted.count { $0.state == .pending }
            let holds = state.disk.destinations.values.compactMap(\.heldUntil).filter { $0 > now }
            (found.destinationsHeld, found.destinationsHeldUntil) = (holds.count, holds.max())
            found.merges = state.disk.merges.filter { !$0.state.isEnd }.map { state.counted($0) }
            found.deliveriesDead = posted.count { $0.state == .dead }
            found.oldestPendingDeliveryAt = posted.filter { $0.state == .pending }.map(\.createdAt).min()
            found.lastDeliveryError =
                posted.filter { $0.lastError != nil }
                .max { ($0.lastAttemptAt ?? now) < ($1.lastAttemptAt ?? now) }?.lastError
            found.bytes = 1
            found.freeDiskBytes = free
            return found
        }
    }
}
