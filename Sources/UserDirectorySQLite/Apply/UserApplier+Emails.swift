import SQLiteSupport
import SyncModel
import UserDirectory

/// Who owns an email, and what happens to a user that asks for it.
extension UserApplier {
    /// The tenant's row with the user's email: an exact match of the spelling wins, else the lowest id.
    func findByEmail() throws(SQLiteFailure) -> StoredRow? {
        guard let email = fields.email else { return nil }
        if hasMixedCase {
            let rows = try holders(of: email)
            let sent = fields[.email]
            let exact = rows.first { row in sent.map { sent in row.email.withUnsafeBytes { $0.sameBytes(as: sent) } } ?? false }
            guard let row = exact ?? rows.min(by: { $0.id < $1.id }) else { return nil }
            return try self.row(row.id)
        }
        let select = try statement(UserSQL.byEmail)
        select.bind(UserSQL.parameter(.email), email)
        return try select.step() ? StoredRow(select) : nil
    }

    /// No row has the user's id, if it has one, and `row` has its email.
    func meet(_ row: StoredRow) throws(SQLiteFailure) -> Verdict {
        guard let other = row.wrapperID.map({ Array($0) }) else { return try update(row) }
        // The row has another id: whether its owner keeps it, moves or is in the request at all, the rest of the job decides.
        let isNobodyInTheJob = batch.carriedIDs.map { ids in !other.withUnsafeBytes { ids.mayContain($0) } } ?? false
        guard isFinal || isNobodyInTheJob else {
            row.done()
            return .deferred
        }
        noteMet(row.id)
        if !isNobodyInTheJob, let verdict = try verdict(onRowOf: other) {
            row.done()
            return verdict
        }
        if try isOfTheRequest(row, id: other) {
            defer { row.done() }
            return .failed(.identityConflict, crmUserID: row.id)
        }
        guard fields[.id] != nil else {
            metID = other
            return try update(row)
        }
        if let sent = fields[.kindeUserID], let stored = row.kindeUserID, stored.sameBytes(as: sent) { return try update(row) }
        if SyncOrder.isStale(batch.syncTime, stored: row.syncTime, at: batch.moment) {
            defer { row.done() }
            return .failed(.addressNewer, crmUserID: row.id)
        }
        return try takeOver(row)
    }

    /// The verdict if another user of the job carries the id of the row that has this user's address. `nil` if none does, or if
    /// that one asked for the same address earlier: the later of the two gets it.
    private func verdict(onRowOf id: [UInt8]) throws(SQLiteFailure) -> Verdict? {
        if let carrier = try waiting.carrier(of: id, in: batch) {
            return isAskedFor(by: carrier)
                ? .failed(.identityConflict, crmUserID: matchedRowID) : .comesAfter(carrier.index, isSharer: false)
        }
        guard batch.hasKeeping, let carrier = try waiting.keepingCarrier(of: id, in: batch) else { return nil }
        return isAskedFor(by: carrier) && carrier.index < fields.index ? nil : .failed(.identityConflict, crmUserID: matchedRowID)
    }

    /// Whether the user's email may be written to a row that has another one. `nil` if it may; else the verdict.
    func makeRoom(for row: Int64) throws(SQLiteFailure) -> Verdict? {
        guard let email = fields.email else { return nil }
        let holders = try holders(of: email)
        if !holders.isEmpty, !isFinal { return .deferred }
        if try isEmailElsewhere() { return .failed(.emailInOtherTenant, crmUserID: row) }
        for holder in holders {
            if let id = holder.wrapperID, let carrier = try waiting.carrier(of: id, in: batch), !isAskedFor(by: carrier) {
                return .comesAfter(carrier.index, isSharer: false)
            }
        }
        return holders.isEmpty ? nil : .failed(.identityConflict, crmUserID: row)
    }

    /// Whether another user asks for the same address as the present one.
    private func isAskedFor(by carrier: WaitingUsers.Carrier) -> Bool {
        guard let email = fields.email, let other = carrier.email else { return false }
        return other.withUnsafeBytes { $0.sameBytes(as: email) }
    }

    /// Whether any row has the user's email in lower case, as it would be stored.
    func isSpellingTaken() throws(SQLiteFailure) -> Bool {
        guard let email = fields.email else { return false }
        for sql in scope == .global ? [UserSQL.byEmail, UserSQL.emailElsewhere] : [UserSQL.byEmail] {
            let select = try statement(sql)
            select.bind(UserSQL.parameter(.email), email)
            if try select.found() { return true }
        }
        return false
    }

    /// With `EMAIL_SCOPE=global`: whether the user's email belongs to another tenant's user.
    func isEmailElsewhere() throws(SQLiteFailure) -> Bool {
        guard scope == .global, let email = fields.email else { return false }
        for sql in hasMixedCase ? [UserSQL.emailElsewhere, UserSQL.mixedCaseEmailElsewhere] : [UserSQL.emailElsewhere] {
            let select = try statement(sql)
            select.bind(UserSQL.parameter(.email), email)
            if try select.found() { return true }
        }
        return false
    }

    // MARK: Rows by email

    /// A row that has an email.
    private struct Holder {
        var id: Int64
        /// As stored.
        var email: [UInt8]
        var wrapperID: [UInt8]?
    }

    /// The tenant's rows with an email, in any case.
    private func holders(of email: UnsafeRawBufferPointer) throws(SQLiteFailure) -> [Holder] {
        var rows: [Holder] = []
        func add(_ select: SQLStatement, email: Int32, wrapperID: Int32) {
            rows.append(
                Holder(
                    id: select.int64(0), email: select.text(email).map { Array($0) } ?? [],
                    wrapperID: select.text(wrapperID).map { Array($0) }))
        }
        let select = try statement(UserSQL.byEmail)
        select.bind(UserSQL.parameter(.email), email)
        while try select.step() { add(select, email: UserSQL.column(.email), wrapperID: UserSQL.column(.id)) }
        guard hasMixedCase else { return rows }
        let mixed = try statement(UserSQL.byMixedCaseEmail)
        mixed.bind(UserSQL.parameter(.email), email)
        while try mixed.step() { add(mixed, email: 1, wrapperID: 2) }
        return rows
    }

    private func row(_ id: Int64) throws(SQLiteFailure) -> StoredRow? {
        let select = try statement(UserSQL.byRow)
        select.bind(UserSQL.row, id)
        return try select.step() ? StoredRow(select) : nil
    }
}
