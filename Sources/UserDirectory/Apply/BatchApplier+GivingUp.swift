import SyncModel

extension BatchApplier {
    /// Ends a batch whose attempts are exhausted, in its own transaction.
    /// - Parameter marksRows: whether to look up the users' rows, so that others of the job do not take them over. That lookup
    ///   may be exactly what fails.
    package func giveUp(_ work: BatchWork, error: String, marksRows: Bool) throws -> BatchApplied {
        try store.transaction(for: [work]) {
            if let standing = try store.ledger.findOrClear(work.jobID, work.number) { return standing }
            let applier = try UserApplier(
                store, scope: scope, batch: BatchContext(work, store, at: clock.now()), usesSavepoints: false, culprits: [:])
            var ended = BatchApplied(jobID: work.jobID, number: work.number, users: [])
            try work.payload.forEachRaw { _, record in
                ended.users.append(
                    try applier.giveUp(
                        record, error: error, marksRow: marksRows && !work.isWholeJob && work.operation == .userSync))
            }
            if work.isWholeJob { try store.waiting.forget(work.jobID) }
            try store.ledger.record(ended)
            return ended
        }
    }
}

extension UserApplier {
    /// The result of a user whose batch is given up.
    fileprivate func giveUp(_ record: UserRecord, error: String, marksRow: Bool) throws -> AppliedUser {
        let entry = batch.hasWaiting ? try waiting.find(record.index, in: batch.jobID) : nil
        if let settled = entry?.settled { return settled }
        load(record)
        if marksRow { _ = try lookAtOwnRow() }
        if matchedRowID != 0 {
            try waiting.add(fields, nil, as: .keeps, row: matchedRowID, in: batch.jobID)
        } else if entry != nil {
            try waiting.settle(record.index, as: .settled, row: 0, result: nil, in: batch.jobID)
        }
        return AppliedUser(index: record.index, outcome: .failed, code: .retriesExhausted, crmUserID: matchedRowID, detail: error)
    }
}
