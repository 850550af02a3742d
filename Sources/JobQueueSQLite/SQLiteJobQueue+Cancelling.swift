import GRDB
package import JobQueue
import SQLiteSupport
package import SyncModel

extension SQLiteJobQueue {
    package func requestCancel(_ id: JobID, now: Timestamp) async throws -> CancelRequest {
        let (request, deferredKey) = try await writer.write { [self] context in try requestCancel(id, in: context) }
        // Up to a million users: in steps, after the request is committed.
        if let deferredKey { await sweepOrOwe([deferredKey]) }
        return request
    }

    /// - Returns: also the batch key whose deferred records must be deleted.
    private func requestCancel(_ id: JobID, in context: WriteContext) throws -> (CancelRequest, Int64?) {
        guard let before = try JobRow.find(id, context.db) else { return (.unknown, nil) }
        guard !before.job.state.isEnd else { return (.ended(before.job), nil) }
        let tenantID = before.job.tenantID
        let isLastPass = try OpenBatch.isLastPass(before, context.db)
        try context.sql(Self.markCancelled).run(.int(before.seq))
        let deferredKey = isLastPass ? nil : try dropDeferred(of: before, in: context)
        _ = try isCorrected(before.seq, for: "cancel", in: context)
        guard let row = try JobRow.find(seq: before.seq, context.db) else { return (.unknown, nil) }
        // From here on none of its batches is leased: the set of held ones is fixed before the unstarted ones are determined.
        let (held, wasCancelling) = tenantQueue { tenants in
            let wasCancelling = tenants.isCancelling(row.batchKey)
            tenants.setCancelling(row.batchKey, true)
            return (tenants.heldNumbers(tenantID, batchKey: row.batchKey), wasCancelling)
        }
        context.onRollback { [self] in tenantQueue { $0.setCancelling(row.batchKey, wasCancelling) } }
        let open = try OpenBatch.numbers(of: row.batchKey, from: row.nextBatch, limit: row.job.batches, context.db)
        let hasWork = try HeadJob.exists(tenantID, context.db)
        context.afterCommit { [self] in
            tenantQueue { tenants in
                tenants.clearBackoff(tenantID, ofJob: row.seq)
                tenants.setCancelling(row.batchKey, row.phase == .cancelling)
                tenants.setWork(tenantID, hasWork)
            }
            // Given back or put off before the request was committed: they are not in the answer, and a check for them since then
            // found no request.
            let isAnyFree = tenantQueue { !held.isSubset(of: $0.heldNumbers(tenantID, batchKey: row.batchKey)) }
            if isAnyFree { notify { $0.jobWaiting() } }
        }
        guard isLastPass else { return (.requested(row.job, unstarted: open.filter { !held.contains($0) }), deferredKey) }
        return (held.isEmpty ? .requestedInLastPass(row.job, unstarted: open) : .requested(row.job, unstarted: []), nil)
    }

    /// Cancels waiting users that are not in a batch.
    /// - Returns: the batch key whose records must be deleted; `nil` if there are none.
    private func dropDeferred(of row: JobRow, in context: WriteContext) throws -> Int64? {
        try context.sql(Self.cancelDeferred).run(.int(row.seq))
        guard row.deferred > 0 else { return nil }
        context.backlog(row.job.tenantID, pendingUsers: -row.deferred)
        unpend(row.deferred, in: context)
        try OrphanRow.mark(row.batchKey, .deferred, context.db)
        return row.batchKey
    }

    package func drop(
        _ job: JobID, batches: [Int], applied: [Int: [AppliedUser]], settledAhead: [AppliedUser]?, now: Timestamp
    ) async throws -> Job? {
        // In steps, so that no other write waits for 10,000 payloads to be deleted.
        let ahead = Dictionary((settledAhead ?? []).map { ($0.index, $0) }, uniquingKeysWith: { first, _ in first })
        var rest = batches[...]
        while !rest.isEmpty {
            let step = rest.prefix(Self.dropStep)
            rest = rest.dropFirst(Self.dropStep)
            try await writer.write { [self] context in
                try drop(job, step, applied, ahead, now: now, in: context)
            }
        }
        if settledAhead != nil { try await dropLastPass(of: job, ahead, now: now) }
        return try await writer.write { context in
            guard let row = try JobRow.find(job, context.db), row.phase == .endable else { return nil }
            return row.job
        }
    }

    // What is dropped is read some time before, and a drop whose answer was lost is made again: a job or a batch that has ended
    // meanwhile is passed over.

    private func drop(
        _ id: JobID, _ numbers: ArraySlice<Int>, _ applied: [Int: [AppliedUser]], _ ahead: [UInt32: AppliedUser], now: Timestamp,
        in context: WriteContext
    ) throws {
        guard let row = try JobRow.find(id, context.db), row.phase == .cancelling else { return }
        let held = tenantQueue { $0.heldNumbers(row.job.tenantID, batchKey: row.batchKey) }
        var progress = EndedBatches()
        for number in Set(numbers).subtracting(held).sorted() where number >= 0 && number < row.job.batches {
            let batchID = BatchName.id(key: row.batchKey, number: number)
            let payload = ahead.isEmpty && applied[number] == nil ? nil : try Self.payload(batchID, context.db)
            let settled = payload.map { $0.users(among: ahead) } ?? []
            if let users = applied[number] ?? (settled.isEmpty ? nil : settled) {
                let payload = payload ?? BatchPayload(bytes: [], count: 0)
                var finished = FinishedRow(payload: payload, users: users, deferred: [])
                let hadResults = !finished.results.isEmpty
                // Nobody else would end the batch: no worker leases it any more.
                guard try finished.write(id: batchID, in: context, mayLoseResults: true) else { continue }
                if hadResults, finished.results.isEmpty { finished.lostResults = users.count }
                progress.add(finished, number: number, keepsDeferred: false)
            } else if let users = try context.sql(Self.dropBatch).first(.int(batchID), map: { $0.int(0) }) {
                try context.sql(FinishedRow.deletePayload).run(.int(batchID))
                progress.counts.cancelled += max(0, min(users, BatchLimits.mostUsers))
                progress.ended.insert(number)
            }
        }
        guard !progress.ended.isEmpty else { return }
        unpend(progress.counts.settled, in: context)
        _ = try settle([row.seq: progress], of: [row.seq: row], now: now, ending: { _ in nil }, in: context)
    }

    /// Ends users that wait but are not in a batch: settled ones are cut into batches, which end with their results; the others
    /// are cancelled, in steps as long as a settled one comes after them.
    private func dropLastPass(of id: JobID, _ ahead: [UInt32: AppliedUser], now: Timestamp) async throws {
        let last = ahead.keys.max().map { Int64($0) }
        var isThrough = false
        while !isThrough {
            let (through, deferredKey) = try await writer.write { [self] context -> (Bool, Int64?) in
                guard let row = try JobRow.find(id, context.db), row.phase == .cancelling,
                    tenantQueue({ $0.heldNumbers(row.job.tenantID, batchKey: row.batchKey) }).isEmpty
                else { return (true, nil) }
                let first = try context.sql(DeferredRow.select).first(.int(row.batchKey), .int(1)) { $0.int64(0) } ?? .max
                guard let last, last >= first else {
                    context.afterCommit { [self] in tenantQueue { $0.setCancelling(row.batchKey, false) } }
                    return (true, try dropDeferred(of: row, in: context))
                }
                let step = gate.isTight ? Self.tightDropStep : Self.dropStep
                let cancelled = try cutDeferred(
                    of: row.seq, batchKey: row.batchKey, upTo: step, in: context,
                    where: { ahead[$0] != nil })
                context.backlog(row.job.tenantID, pendingUsers: -cancelled)
                unpend(cancelled, in: context)
                let numbers = try OpenBatch.numbers(of: row.batchKey, from: row.nextBatch, limit: step, context.db)
                try drop(id, numbers[...], [:], ahead, now: now, in: context)
                return (false, nil)
            }
            isThrough = through
            if let deferredKey { await sweepOrOwe([deferredKey]) }
        }
    }

    package func cancelling(limit: Int) async throws -> [JobID] {
        let (found, unreadable) = try await read { [self] db in
            var found: [JobID] = []
            let rows = try db.sql(Self.selectCancelling).all { (row: JobRow($0), unreadable: JobRow.unreadable($0)) }
            for row in rows.compactMap(\.row) where found.count < limit {
                // Checked after the table was read: a batch that has ended since is reported too, which costs only another check.
                let held = tenantQueue { $0.heldNumbers(row.job.tenantID, batchKey: row.batchKey) }
                if try OpenBatch.isLastPass(row, db) {
                    if held.isEmpty { found.append(row.job.id) }
                    continue
                }
                let open = try OpenBatch.numbers(of: row.batchKey, from: row.nextBatch, limit: held.count + 1, db)
                // Where none is open at all, the row is wrong, and is corrected by the next request.
                if !held.isSuperset(of: open) || open.isEmpty && held.isEmpty { found.append(row.job.id) }
            }
            return (found, rows.compactMap(\.unreadable))
        }
        return try await replaceIDs(of: unreadable, for: "cancelling") ? try await cancelling(limit: limit) : found
    }

    /// `nil` also if it is damaged.
    private static func payload(_ batchID: Int64, _ db: Database) throws -> BatchPayload? {
        do {
            return try db.sql(selectPayload).first(.int(batchID)) { BatchPayload(bytes: $0.bytes(0), count: $0.int(1)) }
        } catch  where SQLiteFailure(error)?.isOfDamage == true {
            return nil
        }
    }

    /// The most batches that one transaction drops.
    private static let dropStep = 64
    /// The same if the disk is nearly full: what is dropped is written once more before it is deleted.
    private static let tightDropStep = 8

    private static let markCancelled = """
        UPDATE jobs SET cancel_requested = 1, retry_at = NULL, retry_batch = NULL,
            phase = CASE WHEN batches_done < batches OR deferred > 0 THEN 1 ELSE 2 END
        WHERE seq = ?1
        """
    private static let cancelDeferred = """
        UPDATE jobs SET cancelled = \(Figure.plausible("cancelled")) + min(\(Figure.plausible("deferred")), total_users), deferred = 0,
            phase = CASE WHEN batches_done < batches THEN 1 ELSE 2 END
        WHERE seq = ?1
        """
    private static let dropBatch = "UPDATE batches SET done = 2 WHERE id = ?1 AND done = 0 RETURNING users"
    private static let selectPayload = """
        SELECT p.records, b.users FROM batches b JOIN payloads p ON p.id = b.id WHERE b.id = ?1 AND b.done = 0
        """
    /// Jobs stay in this phase only briefly; there are never many.
    static let selectCancelling = "SELECT \(JobRow.columns) FROM jobs INDEXED BY jobs_cancelling WHERE phase = 1 ORDER BY seq"
}

extension BatchPayload {
    /// Those of `users` that are in the batch, in its order.
    fileprivate func users(among users: [UInt32: AppliedUser]) -> [AppliedUser] {
        var found: [AppliedUser] = []
        forEach { record in if let user = users[record.index] { found.append(user) } }
        return found
    }
}
