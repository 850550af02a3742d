import SyncModel

/// Who owns an email, and what happens to a user that asks for it.
extension UserApplier {
    /// The tenant's row with the user's email: an exact match of the spelling wins, else the lowest id.
    func findByEmail() throws -> (any StoredUserRow)? {
        guard let email = fields.email else { return nil }
        guard hasMixedCase else { return try rows.find(email: email) }
        let holders = try rows.holders(of: email, inAnyCase: true)
        let sent = fields[.email]
        let exact = holders.first { row in sent.map { sent in row.email.withUnsafeBytes { $0.sameBytes(as: sent) } } ?? false }
        guard let row = exact ?? holders.min(by: { $0.id < $1.id }) else { return nil }
        return try rows.find(row: row.id)
    }

    /// No row has the user's id, if it has one, and `row` has its email.
    func meet(_ row: any StoredUserRow) throws -> Verdict {
        let ids = row.personIDs
        // The row has another id: whether its owner keeps it, moves or is in the request at all, the rest of the job decides.
        let isNobodyInTheJob = !ids.contains { id in id.withUnsafeBytes { mayBeCarried($0) } }
        guard isFinal || isNobodyInTheJob else {
            row.done()
            return .deferred
        }
        noteMet(row.id)
        if !isNobodyInTheJob, let verdict = try verdict(onRowOf: ids) {
            row.done()
            return verdict
        }
        if !ids.isEmpty, try isOfTheRequest(row) {
            defer { row.done() }
            return .failed(.identityConflict, crmUserID: row.id)
        }
        if isThePerson(of: row) {
            if fields.personID == nil { metID = ids.first }
            return try update(row)
        }
        if SyncOrder.isStale(batch.syncTime, stored: row.syncTime, at: batch.moment) {
            defer { row.done() }
            return .failed(.addressNewer, crmUserID: row.id)
        }
        return try takeOver(row)
    }

    /// Whether the row, which was found by email, is this user's rather than another person's.
    private func isThePerson(of row: any StoredUserRow) -> Bool {
        // A Kinde id among the platform ids was stored by an earlier version that ran again in between.
        let misplaced = row.wrapperID.flatMap { PersonID.isKinde($0) ? $0 : nil }
        if let sent = fields.kindeID, let stored = row.kindeID ?? misplaced { return stored.sameBytes(as: sent) }
        return fields[.id] == nil || row.wrapperID == nil
    }

    /// The verdict if another user of the job carries an id of the row that has this user's address. `nil` if none does, or if
    /// that one asked for the same address earlier: the later of the two gets it.
    private func verdict(onRowOf ids: [[UInt8]]) throws -> Verdict? {
        if let carrier = try mover(from: ids) { return .comesAfter(carrier, .address) }
        for id in ids {
            if try waiting.carrier(of: id, in: batch.jobID) != nil { return .failed(.identityConflict, crmUserID: matchedRowID) }
        }
        guard batch.hasKeeping else { return nil }
        let keepsIt = try waiting.keepingCarriers(of: matchedRowID, ids, in: batch.jobID).contains { carrier in
            !isAskedFor(by: carrier) || carrier.index > fields.index
        }
        return keepsIt ? .failed(.identityConflict, crmUserID: matchedRowID) : nil
    }

    /// The first user still to come who carries one of a row's ids and asks for another address than the present user.
    private func mover(from ids: [[UInt8]]) throws -> UInt32? {
        for id in ids {
            if let carrier = try waiting.carrier(of: id, in: batch.jobID), !isAskedFor(by: carrier) { return carrier.index }
        }
        return nil
    }

    /// Whether the user's email may be written to a row that has another one. `nil` if it may; else the verdict.
    func makeRoom(for row: Int64) throws -> Verdict? {
        guard let email = fields.email else { return nil }
        let holders = try rows.holders(of: email, inAnyCase: hasMixedCase)
        if !holders.isEmpty, !isFinal { return .deferred }
        if try isEmailElsewhere() { return .failed(.emailInOtherTenant, crmUserID: row) }
        for holder in holders {
            if let carrier = try mover(from: holder.personIDs) { return .comesAfter(carrier, .address) }
        }
        return holders.isEmpty ? nil : .failed(.identityConflict, crmUserID: row)
    }

    /// Whether another user asks for the same address as the present one.
    func isAskedFor(by carrier: WaitingCarrier) -> Bool {
        guard let email = fields.email, let other = carrier.email else { return false }
        return other.withUnsafeBytes { $0.sameBytes(as: email) }
    }

    /// Whether any row has the user's email in lower case, as it would be stored.
    func isSpellingTaken() throws -> Bool {
        guard let email = fields.email else { return false }
        if try !rows.holders(of: email, inAnyCase: false).isEmpty { return true }
        return try scope == .global && rows.isElsewhere(email, inAnyCase: false)
    }

    /// With `EMAIL_SCOPE=global`: whether the user's email belongs to another tenant's user.
    func isEmailElsewhere() throws -> Bool {
        guard scope == .global, let email = fields.email else { return false }
        return try rows.isElsewhere(email, inAnyCase: hasMixedCase)
    }
}
