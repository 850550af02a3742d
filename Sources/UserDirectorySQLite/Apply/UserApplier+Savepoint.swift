import GRDBSQLite
import SQLiteSupport
import SyncModel
import UserDirectory

extension UserApplier {
    /// Runs `body`, which settles the present user. With savepoints, what a refused user left behind is undone and the refusal
    /// becomes its verdict.
    /// - Throws: a refusal, only without savepoints or if it ended the transaction; then `culprit` is the user's result.
    func guarded(_ body: () throws(SQLiteFailure) -> Verdict) throws(SQLiteFailure) -> Verdict {
        if !culprits.isEmpty, let known = culprits[Culprit(jobID: batch.jobID, index: fields.index)] {
            _ = try lookAtOwnRow()
            return .failed(known.code ?? .refusedByDatabase, crmUserID: known.crmUserID, detail: known.detail)
        }
        guard usesSavepoints else { return try body() }
        try statements("SAVEPOINT usersync_user").run()
        do throws(SQLiteFailure) {
            let verdict = try body()
            if Transaction.hasBrokenForeignKeys(on: statements.connection) {
                throw SQLiteFailure(code: SQLITE_CONSTRAINT, message: "FOREIGN KEY constraint failed")
            }
            try statements("RELEASE usersync_user").run()
            return verdict
        } catch  where error.refusesOneUser {
            let verdict = refusal(error)
            guard !Transaction.isOver(on: statements.connection) else {
                culprit = result(of: verdict)
                throw error
            }
            try statements("ROLLBACK TO usersync_user").run()
            try statements("RELEASE usersync_user").run()
            return verdict
        }
    }

    private func refusal(_ failure: SQLiteFailure) -> Verdict {
        if failure.isConflict { return .failed(.identityConflict, crmUserID: matchedRowID) }
        return .failed(.refusedByDatabase, crmUserID: matchedRowID, detail: RefusalDetail.text(failure.message, hiding: fields))
    }

    /// The present user's result for a verdict; for one that still waits, an `identity_conflict`.
    func result(of verdict: Verdict) -> AppliedUser {
        switch verdict {
        case .applied(let outcome, let id, let detail, let isRelinked):
            AppliedUser(index: fields.index, outcome: outcome, crmUserID: id, detail: detail, isRelinked: isRelinked)
        case .failed(let code, let id, let detail):
            AppliedUser(index: fields.index, outcome: .failed, code: code, crmUserID: id, detail: detail)
        case .deferred, .comesAfter:
            AppliedUser(index: fields.index, outcome: .failed, code: .identityConflict, crmUserID: matchedRowID)
        }
    }
}
