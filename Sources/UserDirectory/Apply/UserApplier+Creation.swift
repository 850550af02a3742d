import SyncModel

/// Rows that are new to a user: created for it, or another person's until now, which get what creation would write.
extension UserApplier {
    /// Creates the user; `nil` if a unique index already contains it or a trigger ignored it.
    func insert() throws -> Int64? { try rows.insert(fields, reportsConflict: false, looksForIDs: looksForIDs) }

    /// Repeats the insert so that the database reports the reason.
    func insertSurfacingConflict() throws -> Verdict {
        guard let id = try rows.insert(fields, reportsConflict: true, looksForIDs: looksForIDs) else {
            return .failed(.refusedByDatabase, detail: RefusalDetail.ignored)
        }
        return try created(id)
    }

    func created(_ id: Int64) throws -> Verdict {
        .applied(.created, crmUserID: id, detail: try staysRemoved(id) ? Self.removedBefore : nil)
    }

    /// Gives another person's row to the user.
    func takeOver(_ row: any StoredUserRow) throws -> Verdict {
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
        guard try rows.takeOver(id, by: fields, kept: kept) else {
            return .failed(.refusedByDatabase, crmUserID: id, detail: RefusalDetail.ignored)
        }
        let isRemoved = try staysRemoved(id)
        return .applied(.updated, crmUserID: id, detail: isRemoved ? Self.removedBefore : nil, isRelinked: true)
    }
}
