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
        case rolledBack(position: Int, index: UInt32, SQLiteFailure)
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
            } catch Interruption.rolledBack(let position, let index, let failure) {
                culprits[Culprit(position: position, index: index)] = refusal(failure, at: index, of: batches[position])
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
            for (position, work) in batches.enumerated() {
                if position > 0, closeEarly() { break }
                if let standing = try Ledger(statements: statements).find(work.jobID, work.number) {
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
                if usesSavepoints { throw Interruption.rolledBack(position: position, index: record.index, failure) }
                throw Interruption.needsSavepoints
            }
            switch verdict {
            case .applied(let outcome, let id):
                applied.users.append(AppliedUser(index: record.index, outcome: outcome, crmUserID: id))
            case .failed(let code, let id, let detail):
                applied.users.append(
                    AppliedUser(index: record.index, outcome: .failed, code: code, crmUserID: id, detail: detail))
            case .deferred:
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
            if error.isAnothersRefusal { return .failed(.identityConflict) }
            return .failed(.refusedByDatabase, detail: RefusalDetail.text(error.message, hiding: applier.fields))
        }
    }

    private func refusal(_ failure: SQLiteFailure, at index: UInt32, of work: BatchWork) -> AppliedUser {
        var user = AppliedUser(index: index, outcome: .failed, code: .refusedByDatabase)
        if failure.isAnothersRefusal {
            user.code = .identityConflict
            return user
        }
        let fields = RecordFields()
        work.payload.forEach { record in
            guard record.index == index else { return }
            fields.load(record)
            user.detail = RefusalDetail.text(failure.message, hiding: fields)
        }
        return user
    }
}
