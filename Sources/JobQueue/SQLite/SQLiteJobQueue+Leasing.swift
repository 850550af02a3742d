import GRDB
package import SyncModel

/// A tenant's jobs run in the order accepted (`seq`), a job's batches by number: one job of a tenant at a time, and one turn, that is
/// one set of leased batches, unless `unlock` says that the turn's effects stand.
extension SQLiteJobQueue {
    package func readyTenants(now: Timestamp, limit: Int) async throws -> [String] {
        lanes { $0.ready(now: now, limit: limit) }
    }

    package func nextRetry() async throws -> Timestamp? { lanes { $0.nextRetry } }

    package func lease(_ wishes: [LeaseWish], now: Timestamp) async throws -> [LeasedBatch] {
        guard !wishes.isEmpty else { return [] }
        return try await writer.write { [self] context in
            var leased: [LeasedBatch] = []
            for wish in wishes where wish.maxBatches > 0 { leased += try lease(wish, now: now, in: context) }
            return leased
        }
    }

    package func unlock(_ leases: [LeaseID]) async { lanes { $0.unlock(leases) } }

    package func release(_ leases: [LeaseID]) async {
        // A batch given back by a job that is being cancelled is to be dropped: nobody leases it again.
        let isCancelled = lanes { lanes in
            let cancelled = leases.contains { lanes.isCancelling($0) }
            lanes.end(leases)
            return cancelled
        }
        if isCancelled { notify { $0.jobWaiting() } }
    }

    /// Leases one tenant's next batches. What it reserves in memory is undone where the commit fails.
    private func lease(_ wish: LeaseWish, now: Timestamp, in context: WriteContext) throws -> [LeasedBatch] {
        let tenantID = wish.tenantID
        guard let lane = lanes({ $0.claim(tenantID, now: now) }) else { return [] }
        var isTaken = false
        defer {
            if !isTaken {
                context.onRollback { [self] in lanes { $0.unclaim(tenantID, hasWork: true) } }
                context.afterCommit { [self] in lanes { $0.unclaim(tenantID, hasWork: false) } }
            }
        }
        guard let job = try HeadJob.find(tenantID, context.db) else { return [] }
        // Of the turn before, applied and not finished yet.
        let outstanding = lane.held.values.filter { $0.batchKey == job.batchKey }
        let first = max(job.nextBatch, (outstanding.map(\.number).max() ?? -1) + 1)
        var batches = try OpenBatch.next(job, from: first, limit: wish.maxBatches, context.db)
        if batches.isEmpty, outstanding.isEmpty, job.deferred > 0 {
            try cutDeferred(job, upTo: wish.maxBatches, in: context)
            batches = try OpenBatch.next(job, from: first, limit: wish.maxBatches, context.db)
        }
        guard !batches.isEmpty else { return [] }
        if job.state == .queued {
            try context.sql(HeadJob.start).run(.int(job.seq), .time(now))
            context.count {
                $0[.queued] -= 1; $0[.running] += 1
            }
        }
        let held = batches.map { HeldBatch(batchKey: job.batchKey, seq: job.seq, jobID: job.id, number: $0.number) }
        let hasMore = job.openBatches > outstanding.count + batches.count
        let leases = lanes { $0.take(tenantID, held, hasMore: hasMore) }
        isTaken = true
        context.onRollback { [self] in lanes { $0.end(leases) } }
        return zip(leases, batches).map { lease, batch in
            LeasedBatch(
                lease: lease, jobID: job.id, tenantID: tenantID, operation: job.operation, syncTime: job.syncTime,
                number: batch.number, pass: batch.pass, attempts: batch.attempts, payload: batch.payload, jobUsers: job.totalUsers
            )
        }
    }

    /// Makes batches of the last pass out of users that were deferred, in index order across the job. Only as many as are leased
    /// now, so that neither memory nor the transaction grows with their number.
    private func cutDeferred(_ job: HeadJob, upTo limit: Int, in context: WriteContext) throws {
        var cutter = RecordCutter()
        var batches: [NewBatch] = []
        try context.sql(DeferredRow.select).forEach(.int(job.batchKey), .int(limit * RecordCutter.maxUsers)) { row in
            guard batches.count < limit else { return }
            let record = row.bytes(1)
            if cutter.isFull(before: record.count), let batch = cutter.take() {
                batches.append(batch)
                guard batches.count < limit else { return }
            }
            cutter.append(record, index: UInt32(truncatingIfNeeded: row.int64(0)))
        }
        if batches.count < limit, let batch = cutter.take() { batches.append(batch) }
        guard let end = batches.last?.lastIndex else { return }
        let users = try BatchRows.insert(batches, key: job.batchKey, from: job.batches, pass: .conflicts, in: context)
        try context.sql(DeferredRow.deleteUpTo).run(.int(job.batchKey), .int(Int64(end)))
        try context.sql(HeadJob.addCut).run(.int(job.seq), .int(batches.count), .int(users))
    }
}
