import GRDBSQLite
import SQLiteSupport
import SyncModel
import UserDirectory

/// Rows that are new to a user: created for it, or another person's until now, which get what creation would write.
extension UserApplier {
    /// Creates the user; `nil` if a unique index already contains it or a trigger ignored it.
    func insert() throws(SQLiteFailure) -> Int64? {
        let shape = fields.creation
        return try run(insert: statements.insert(shape), shape)
    }

    /// Repeats the insert without ON CONFLICT DO NOTHING so that the database reports the reason.
    func insertSurfacingConflict() throws(SQLiteFailure) -> Verdict {
        let shape = fields.creation
        let insert = try statements(UserSQL.insert(shape, onConflictDoNothing: false))
        guard let id = try run(insert: insert, shape) else { return .failed(.refusedByDatabase, detail: Self.ignored) }
        return try created(id)
    }

    private func run(insert: SQLStatement, _ shape: FieldSet) throws(SQLiteFailure) -> Int64? {
        if looksForIDs { try RowIDs(of: "users", statements).expectMore() }
        batch.bindConstants(to: insert)
        bind(shape, to: insert)
        do throws(SQLiteFailure) { try insert.run() } catch { throw RowIDs(of: "users", statements).failure(error) }
        return sqlite3_changes(statements.connection) > 0 ? sqlite3_last_insert_rowid(statements.connection) : nil
    }

    func created(_ id: Int64) throws(SQLiteFailure) -> Verdict {
        .applied(.created, crmUserID: id, detail: try staysRemoved(id) ? Self.removedBefore : nil)
    }

    /// Gives another person's row to the user.
    func takeOver(_ row: StoredRow) throws(SQLiteFailure) -> Verdict {
        let id = row.id
        let shape = fields.creation
        // The indexed columns whose values stay the same.
        var kept = FieldSet()
        if fields.email.map({ row.email?.sameBytes(as: $0) ?? false }) ?? true { kept.insert(.email) }
        if row.holds(shape.contains(.kindeUserID) ? fields.target(.kindeUserID) ?? .null : .null, in: .kindeUserID) {
            kept.insert(.kindeUserID)
        }
        row.done()
        // A twin in lower case already has that spelling: this row keeps its own.
        if !kept.contains(.email), try isSpellingTaken() { kept.insert(.email) }
        let update = try statements.takeOver(shape, kept: kept)
        batch.bindConstants(to: update)
        bind(shape, to: update)
        update.bind(UserSQL.row, id)
        try update.run()
        guard sqlite3_changes(statements.connection) > 0 else {
            return .failed(.refusedByDatabase, crmUserID: id, detail: Self.ignored)
        }
        let isRemoved = try staysRemoved(id)
        return .applied(.updated, crmUserID: id, detail: isRemoved ? Self.removedBefore : nil, isRelinked: true)
    }
}
