import GRDBSQLite
import SyncModel

/// Applies batches in one transaction, each exactly once, so that a bad user fails alone.
///
/// The first attempt goes without savepoints: none is needed as long as the database refuses nobody, and each costs copies of the pages
/// it might have to restore. Is somebody refused, all is rolled back and done again with a savepoint a user.
struct BatchApplier {
    let statements: UserStatements
    let scope: EmailScope
    let clock: WallClock

    /// Why an attempt ended before its commit.
    private enum Interruption: Error {
        /// A user was refused: do it again with savepoints.
        case needsSavepoints
        /// A trigger's `RAISE(ROLLBACK)` took the whole transaction with it, at this user.
        case rolledBack(position: Int, AppliedUser)
    }

    /// A user who takes the whole transaction with it: its result is known before the next attempt.
    private struct Culprit: Hashable {
        var position: Int
        var index: UInt32
    }

    func apply(_ batches: [BatchWork], closeEarly: () -> Bool) throws -> [BatchApplied] {
        var usesSavepoints = false
        var culprits: [Culprit: AppliedUser] = [:]
        var limit = batches.count
        while true {
            do {
                return try attempt(
                    batches.prefix(limit), usesSavepoints: usesSavepoints, culprits: culprits, closeEarly: closeEarly)
            } catch Interruption.needsSavepoints {
                usesSavepoints = true
            } catch Interruption.rolledBack(let position, let user) {
                culprits[Culprit(position: position, index: user.index)] = user
                // The batches before it are known to be good: commit those; its own comes alone, where going back costs least.
                limit = max(1, position)
            }
        }
    }

    private func attempt(
        _ batches: ArraySlice<BatchWork>, usesSavepoints: Bool, culprits: [Culprit: AppliedUser], closeEarly: () -> Bool
    ) throws -> [BatchApplied] {
        let connection = statements.connection
        try Transaction.execute("BEGIN IMMEDIATE", on: connection)
        do {
            var results: [BatchApplied] = []
            var applier: UserApplier?
            // By tenant, the job that has users left for its last pass: the tenant's later jobs come after that.
            var unfinished: [TenantID: JobID] = [:]
            for (position, work) in batches.enumerated() {
                if position > 0, closeEarly() { break }
                if let job = unfinished[work.tenantID], job != work.jobID { break }
                if let standing = try Ledger(statements: statements).find(work.jobID, work.number) {
                    if !standing.deferred.isEmpty { unfinished[work.tenantID] = work.jobID }
                    results.append(standing)
                    continue
                }
                let hasClaims = try ConflictClaims(statements: statements).exist(for: work.jobID)
                let context = BatchContext(work, serial: statements.nextBatch(), now: clock.now(), hasClaims: hasClaims)
                let users = try applier ?? UserApplier(statements, scope: scope, batch: context)
                applier = users
                users.batch = context
                let applied = try applyUsers(of: work, at: position, with: users, usesSavepoints: usesSavepoints, culprits)
                try Ledger(statements: statements).record(applied)
                if work.isWholeJob, applied.deferred.isEmpty {
                    try SyncLogTable(statements: statements).add(SyncLogEntry(work, applied.users, at: clock.now()))
                }
                if !applied.deferred.isEmpty { unfinished[work.tenantID] = work.jobID }
                results.append(applied)
            }
            // A deferred foreign key would fail the commit and say nothing of who broke it.
            if !usesSavepoints, Transaction.hasBrokenForeignKeys(on: connection) { throw Interruption.needsSavepoints }
            try Transaction.execute("COMMIT", on: connection)
            return results
        } catch {
            Transaction.rollback(on: connection)
            throw error
        }
    }

    private func applyUsers(
        of work: BatchWork, at position: Int, with applier: UserApplier, usesSavepoints: Bool, _ culprits: [Culprit: AppliedUser]
    ) throws -> BatchApplied {
        var applied = BatchApplied(jobID: work.jobID, number: work.number, users: [])
        applied.users.reserveCapacity(work.payload.count)
        try work.payload.forEach { record in
            if !culprits.isEmpty, let known = culprits[Culprit(position: position, index: record.index)] {
                applied.users.append(known)
                return
            }
            let verdict: UserApplier.Verdict
            do {
                verdict = try usesSavepoints ? applyInSavepoint(record, with: applier) : applier.apply(record)
            } catch let failure as SQLiteFailure where failure.refusesOneUser {
                guard usesSavepoints else { throw Interruption.needsSavepoints }
                guard let user = Self.result(of: refusal(failure, of: applier), at: record.index) else { throw failure }
                throw Interruption.rolledBack(position: position, user)
            }
            if let user = Self.result(of: verdict, at: record.index) {
                applied.users.append(user)
            } else {
                applied.deferred.insert(record.index)
            }
        }
        return applied
    }

    /// Undoes what a refused user left behind. Throws a refusal only where the transaction is gone with it.
    private func applyInSavepoint(
        _ record: UserRecord, with applier: UserApplier
    ) throws(SQLiteFailure) -> UserApplier.Verdict {
        let connection = statements.connection
        try statements("SAVEPOINT usersync_user").run()
        do throws(SQLiteFailure) {
            let verdict = try applier.apply(record)
            if Transaction.hasBrokenForeignKeys(on: connection) {
                throw SQLiteFailure(code: SQLITE_CONSTRAINT, message: "FOREIGN KEY constraint failed")
            }
            try statements("RELEASE usersync_user").run()
            return verdict
        } catch  where error.refusesOneUser && !Transaction.isOver(on: connection) {
            try statements("ROLLBACK TO usersync_user").run()
            try statements("RELEASE usersync_user").run()
            return refusal(error, of: applier)
        }
    }

    private func refusal(_ failure: SQLiteFailure, of applier: UserApplier) -> UserApplier.Verdict {
        if failure.isAnothersRefusal { return .failed(.identityConflict, crmUserID: applier.met) }
        return .failed(
            .refusedByDatabase, crmUserID: applier.met, detail: RefusalDetail.text(failure.message, hiding: applier.fields))
    }

    /// `nil` for a user that waits.
    private static func result(of verdict: UserApplier.Verdict, at index: UInt32) -> AppliedUser? {
        switch verdict {
        case .applied(let outcome, let id): AppliedUser(index: index, outcome: outcome, crmUserID: id)
        case .failed(let code, let id, let detail):
            AppliedUser(index: index, outcome: .failed, code: code, crmUserID: id, detail: detail)
        case .deferred: nil
        }
    }
}
