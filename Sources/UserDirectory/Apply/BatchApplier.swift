package import SyncModel

/// Applies batches in one transaction, each exactly once, so that a bad user fails alone.
///
/// The first attempt uses no savepoints: they are not needed as long as the database refuses no one, and each costs copies of the
/// pages it might have to restore. If a user is refused, everything is rolled back and repeated with one savepoint per user.
package struct BatchApplier {
    let store: any UserStore
    let scope: EmailScope
    let clock: WallClock
    let ways: LastPassWays
    /// See `LastPassAllowance`.
    let lastPassSteps: Int

    package init(_ store: any UserStore, scope: EmailScope, clock: WallClock, ways: LastPassWays, lastPassSteps: Int) {
        self.store = store
        self.scope = scope
        self.clock = clock
        self.ways = ways
        self.lastPassSteps = lastPassSteps
    }

    /// Why an attempt ended before its commit.
    private enum Interruption: Error {
        /// A user was refused: repeat with savepoints.
        case needsSavepoints
        /// The table of users had no id left for one: repeat with savepoints, and look for an id first.
        case needsIDs
        /// `sync_logs` had none left for the row of a job.
        case needsLogIDs
        /// A trigger's `RAISE(ROLLBACK)` ended the whole transaction, at this user of the batch at `position`.
        case rolledBack(position: Int, AppliedUser)
        /// The same, at the job's row in `sync_logs`.
        case rolledBackByLog(position: Int)
        /// Not a failure: a batch is unfinished, and the transaction has done enough.
        case rests
    }

    /// What earlier attempts have found out.
    private struct Knowledge {
        var usesSavepoints = false
        var looksForIDs = false
        var culprits: [UserApplier.Culprit: AppliedUser] = [:]
        /// Jobs whose log row ends the whole transaction.
        var unlogged: Set<JobID> = []
    }

    package func apply(_ batches: [BatchWork], closeEarly: @escaping () -> Bool) throws -> [BatchApplied] {
        var knowledge = Knowledge()
        var limit = batches.count
        var attempts = 0
        while true {
            do {
                return try attempt(batches.prefix(limit), knowledge, number: attempts, closeEarly: closeEarly)
            } catch Interruption.needsSavepoints {
                knowledge.usesSavepoints = true
            } catch Interruption.needsIDs {
                knowledge.usesSavepoints = true
                knowledge.looksForIDs = true
            } catch Interruption.needsLogIDs {
                knowledge.unlogged.formUnion(batches.map(\.jobID))
            } catch Interruption.rolledBack(let position, let user) {
                knowledge.culprits[.init(jobID: batches[position].jobID, index: user.index)] = user
                // The batches before it are known to be good: commit those. Its own comes alone, where a rollback costs least.
                limit = max(1, position)
            } catch Interruption.rolledBackByLog(let position) {
                knowledge.unlogged.insert(batches[position].jobID)
            }
            attempts += 1
        }
    }

    /// The reason given if a trigger ended the transaction instead of refusing the row.
    private static let endedByLog = "A trigger of sync_logs rolls the transaction back"

    private func attempt(
        _ batches: ArraySlice<BatchWork>, _ knowledge: Knowledge, number: Int, closeEarly: @escaping () -> Bool
    ) throws -> [BatchApplied] {
        try store.begin(batches)
        do {
            var results: [BatchApplied] = []
            var applier: UserApplier?
            // By tenant, the job that has users left for its last pass: the tenant's later jobs must wait for it.
            var unfinished: [TenantID: JobID] = [:]
            // A repeated attempt goes further each time: the one before was undone because a user will be refused.
            let allowance = LastPassAllowance(
                lastPassSteps << min(number, 20), closeEarly: { number == 0 && closeEarly() })
            for (position, work) in batches.enumerated() {
                if position > 0, closeEarly() || allowance.isSpent { break }
                if let job = unfinished[work.tenantID], job != work.jobID { break }
                var applied: BatchApplied
                if let standing = try store.ledger.find(work.jobID, work.number) {
                    applied = standing
                } else {
                    let context = try BatchContext(work, store, at: clock.now())
                    let users =
                        try applier
                        ?? UserApplier(
                            store, scope: scope, batch: context, usesSavepoints: knowledge.usesSavepoints,
                            culprits: knowledge.culprits, looksForIDs: knowledge.looksForIDs)
                    applier = users
                    users.enter(context)
                    guard let users = try applyUsers(of: work, at: position, with: users, allowance) else { break }
                    applied = users
                    try store.ledger.record(applied)
                }
                if work.isWholeJob, applied.deferred.isEmpty, !applied.isTombstone {
                    applied.jobLog = try log(work, applied, at: position, knowledge) == nil ? .written : .refused
                }
                if !applied.deferred.isEmpty { unfinished[work.tenantID] = work.jobID }
                results.append(applied)
            }
            // A broken deferred constraint would fail the commit without saying which user broke it.
            if !knowledge.usesSavepoints, store.isBroken {
                throw Interruption.needsSavepoints
            }
            do {
                try store.commit()
            } catch let failure as any StoreFailure where failure.refusesOneUser && !knowledge.usesSavepoints {
                throw Interruption.needsSavepoints
            }
            return results
        } catch {
            store.rollBack()
            throw error
        }
    }

    /// Writes the row of a job that is this batch. Returns why the table refuses it, if it does; the users are kept regardless.
    private func log(_ work: BatchWork, _ applied: BatchApplied, at position: Int, _ knowledge: Knowledge) throws -> String? {
        guard !knowledge.unlogged.contains(work.jobID) else { return Self.endedByLog }
        if let refusal = store.jobLog.standingRefusal { return refusal }
        let (table, entry) = (store.jobLog, SyncLogEntry(work, applied.users, at: clock.now()))
        do {
            if knowledge.usesSavepoints { return try table.add(entry) }
            try table.insert(entry)
            return nil
        } catch  where table.isRefusal(error) {
            guard store.isOver else { throw Interruption.needsSavepoints }
            if (error as? any StoreFailure)?.isOfUsedUpIDs == true { throw Interruption.needsLogIDs }
            throw Interruption.rolledBackByLog(position: position)
        }
    }

    /// - Returns: `nil` if the batch's last pass continues in the next transaction.
    private func applyUsers(
        of work: BatchWork, at position: Int, with applier: UserApplier, _ allowance: LastPassAllowance
    ) throws -> BatchApplied? {
        do {
            try work.payload.check()
        } catch {
            // A fault of the batch, not of the file: it ends once its attempts are exhausted.
            throw DirectoryError.transient("\(error)")
        }
        var applied = BatchApplied(jobID: work.jobID, number: work.number, users: [])
        applied.users.reserveCapacity(work.payload.count)
        let lastPass = LastPass(applier: applier, ways: ways, allowance: work.isWholeJob ? nil : allowance)
        do {
            if work.isLastPass { try lastPass.adopt(work.payload) }
            try work.payload.forEachRaw { raw, record in
                if work.isLastPass {
                    guard let user = try lastPass.settle(raw, record) else { throw Interruption.rests }
                    applied.users.append(user)
                } else if let user = try applier.apply(raw, record) {
                    applied.users.append(user)
                } else {
                    applied.deferred.insert(record.index)
                }
            }
            // No other user of its job is still to come.
            if work.isWholeJob, !applied.deferred.isEmpty {
                try work.payload.forEachRaw { raw, record in
                    guard applied.deferred.contains(record.index), let user = try lastPass.settle(raw, record) else { return }
                    applied.users.append(user)
                }
                applied.users.sort { $0.index < $1.index }
                applied.deferred = []
            }
            if work.isWholeJob, applier.batch.hasWaiting { try store.waiting.forget(work.jobID) }
        } catch let failure as any StoreFailure where failure.refusesOneUser {
            if failure.isOfUsedUpIDs, !applier.looksForIDs { throw Interruption.needsIDs }
            guard applier.usesSavepoints else { throw Interruption.needsSavepoints }
            guard let user = applier.culprit else { throw failure }
            throw Interruption.rolledBack(position: position, user)
        } catch Interruption.rests {
            try lastPass.putAside(applied.users, of: work.payload)
            return nil
        }
        return applied
    }
}
