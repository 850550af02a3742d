import GRDBSQLite
import SQLiteSupport
import SyncModel
import UserDirectory

extension UserApplier {
    func remove() throws(SQLiteFailure) -> Verdict {
        // What is no id is nobody's, now and later.
        guard let id = fields.personID, !PersonID.isNone(id) else { return .failed(.userNotFound) }
        let isKinde = fields.ownKindeID != nil
        var rows = !isKinde || batch.hasMisplacedIDs ? try removable(UserSQL.removalByWrapperID, id) : []
        if rows.isEmpty, isKinde { rows = try removable(statements.removalByKindeID, id) }
        guard let row = rows.first else {
            try removals.remember(id, in: batch)
            return .failed(.userNotFound)
        }
        guard rows.count == 1 else {
            return .failed(.identityConflict, detail: Self.severalHaveIt)
        }
        noteMet(row.id)
        if row.isStale { return .applied(.stale, crmUserID: row.id) }
        guard try deactivate(row.id, at: batch.syncTimeText) else {
            return .failed(.refusedByDatabase, crmUserID: row.id, detail: Self.ignored)
        }
        return .applied(.removed, crmUserID: row.id)
    }

    private func removable(
        _ sql: String, _ id: UnsafeRawBufferPointer
    ) throws(SQLiteFailure) -> [(id: Int64, isStale: Bool)] {
        let select = try statement(sql)
        select.bind(UserSQL.parameter(.id), id)
        var rows: [(id: Int64, isStale: Bool)] = []
        while try select.step() {
            rows.append((select.int64(0), SyncOrder.isStale(batch.syncTime, stored: select.text(1), at: batch.moment)))
        }
        return rows
    }

    /// Deactivates a row that has just got its user, if a removal newer than this data had come before.
    /// - Returns: whether it did.
    func staysRemoved(_ row: Int64) throws(SQLiteFailure) -> Bool {
        guard batch.hasRemovals, let moment = try removals.moment(of: fields, in: batch) else { return false }
        return try deactivate(row, at: moment.iso8601)
    }

    /// False if a trigger ignored it.
    private func deactivate(_ row: Int64, at moment: String) throws(SQLiteFailure) -> Bool {
        let update = try statement(UserSQL.deactivate)
        update.bind(UserSQL.syncTime, copying: moment)
        // Makes the batch's own time be bound again next time.
        update.boundFor = 0
        update.bind(UserSQL.row, row)
        try update.run()
        return sqlite3_changes(statements.connection) > 0
    }
}
