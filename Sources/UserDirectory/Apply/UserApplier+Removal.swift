import SyncModel

extension UserApplier {
    func remove() throws -> Verdict {
        // What is no id is nobody's, now and later.
        guard let id = fields.personID, !PersonID.isNone(id) else { return .failed(.userNotFound) }
        let isKinde = fields.ownKindeID != nil
        var found = !isKinde || batch.hasMisplacedIDs ? try rows.removable(platformID: id) : []
        if found.isEmpty, isKinde { found = try rows.removable(kindeID: id) }
        guard let row = found.first else {
            try removals.remember(id, in: batch)
            return .failed(.userNotFound)
        }
        guard found.count == 1 else {
            return .failed(.identityConflict, detail: Self.severalHaveIt)
        }
        noteMet(row.id)
        if SyncOrder.isStale(batch.syncTime, stored: row.syncTime, at: batch.moment) {
            return .applied(.stale, crmUserID: row.id)
        }
        guard try rows.deactivate(row.id, at: batch.syncTime) else {
            return .failed(.refusedByDatabase, crmUserID: row.id, detail: RefusalDetail.ignored)
        }
        return .applied(.removed, crmUserID: row.id)
    }

    /// Deactivates a row that has just got its user, if a removal newer than this data had come before.
    /// - Returns: whether it did.
    func staysRemoved(_ row: Int64) throws -> Bool {
        guard batch.hasRemovals, let moment = try removals.moment(of: fields, in: batch) else { return false }
        return try rows.deactivate(row, at: moment)
    }
}
