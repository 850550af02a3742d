import SyncModel

/// Rows that have the user's id. No index keeps a Kinde id from being in several of them, and `kindeUserId` beside a platform id
/// changes it.
extension UserApplier {
    static let severalHaveIt = "Several CRM users have this id as their kindeUserId"

    /// The row with the user's own id; the first one, where several have its Kinde id.
    func findByID() throws -> (any StoredUserRow)? {
        if let id = fields[.id] { return try rows.find(platformID: id) }
        if batch.hasMisplacedIDs, let id = fields.ownKindeID, let row = try rows.find(platformID: id) { return row }
        return try findByKindeID()
    }

    /// The first of them.
    func findByKindeID() throws -> (any StoredUserRow)? {
        guard let id = fields.ownKindeID else { return nil }
        return try rows.find(kindeID: id)
    }

    /// Whether a row has the user's Kinde id among the platform ids, where no other row has it.
    func isMisplaced(_ row: any StoredUserRow) -> Bool {
        guard batch.hasMisplacedIDs, let own = fields.ownKindeID, let id = row.wrapperID else { return false }
        return id.sameBytes(as: own)
    }

    /// `row` is what `findByKindeID` has found.
    func meetByKindeID(_ row: any StoredUserRow) throws -> Verdict {
        let next = row.nextWithKindeID
        if next == nil, !mayBeCarried(row.wrapperID) { return try update(row) }
        noteMet(row.id)
        var platformIDs = [row.wrapperID.map { Array($0) }]
        row.done()
        if let next, let other = try rows.find(row: next) {
            platformIDs.append(other.wrapperID.map { Array($0) })
            other.done()
        }
        for id in platformIDs.compactMap({ $0 }) where id.withUnsafeBytes({ mayBeCarried($0) }) {
            guard isFinal else { return .deferred }
            guard let carrier = try waiting.carrier(of: id, in: batch.jobID), !shares(with: carrier) else { continue }
            return .comesAfter(carrier.index, .row)
        }
        guard next == nil, let row = try findByKindeID() else {
            // None of them moves.
            keepsAddress = true
            noteMet(0)
            return .failed(.identityConflict, detail: Self.severalHaveIt)
        }
        return try update(row)
    }

    /// Whether another user of the job may carry an id of a row.
    func mayBeCarried(_ id: UnsafeRawBufferPointer?) -> Bool {
        guard let id else { return false }
        return batch.carriedIDs.map { $0.mayContain(id) } ?? true
    }

    /// Whether the order of the request decides between the present user, known by a Kinde id, and one known by a platform id.
    private func shares(with carrier: WaitingCarrier) -> Bool {
        if isAskedFor(by: carrier) { return true }
        guard let own = fields.ownKindeID, let other = carrier.kindeID else { return false }
        return other.withUnsafeBytes { $0.sameBytes(as: own) }
    }

    /// Whether the present user's row keeps an address, now that the user has this result. One that is invalid was never matched, and
    /// leaves its row as it is, whatever address that has.
    func leavesAddress(_ user: AppliedUser) throws -> Bool {
        guard user.code == .invalidUser, try lookAtOwnRow() != nil else { return keepsAddress }
        if try isInSeveralRows() { noteMet(0) }
        return true
    }

    private func isInSeveralRows() throws -> Bool {
        guard fields.ownKindeID != nil, let row = try findByID() else { return false }
        defer { row.done() }
        return !isMisplaced(row) && row.nextWithKindeID != nil
    }

    /// The present user's row has the address asked for last: notes that it keeps another one no longer apply.
    func noLongerKeepsAddress() throws {
        if isMetByID, matchedRowID != 0 { try waiting.noLongerKeeps(matchedRowID, in: batch.jobID) }
    }
}
