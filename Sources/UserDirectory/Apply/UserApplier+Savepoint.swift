import SyncModel

extension UserApplier {
    /// Runs `body`, which settles the present user. With savepoints, what a refused user left behind is undone and the refusal
    /// becomes its verdict.
    /// - Throws: a refusal, only without savepoints or if it ended the transaction; then `culprit` is the user's result.
    func guarded(_ body: () throws -> Verdict) throws -> Verdict {
        if !culprits.isEmpty, let known = culprits[Culprit(jobID: batch.jobID, index: fields.index)] {
            _ = try lookAtOwnRow()
            return .failed(known.code ?? .refusedByDatabase, crmUserID: known.crmUserID, detail: known.detail)
        }
        guard usesSavepoints else { return try body() }
        do {
            return try store.savepoint(body)
        } catch let failure as any StoreFailure where failure.refusesOneUser {
            let verdict = refusal(failure)
            guard !store.isOver else {
                culprit = result(of: verdict)
                throw failure
            }
            return verdict
        }
    }

    private func refusal(_ failure: any StoreFailure) -> Verdict {
        if case RuleRefusal.conflict = failure { return .failed(.identityConflict, crmUserID: matchedRowID) }
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
