import SyncModel

/// Applies users one by one, inside a transaction held by its caller.
///
/// A user's outcome is a result; a thrown error means that the database refused the statement (`refusesOneUser`) or failed.
final class UserApplier {
    /// The outcome of a user.
    enum Verdict {
        case applied(UserOutcome, crmUserID: Int64, detail: String? = nil, isRelinked: Bool = false)
        case failed(FailureCode, crmUserID: Int64 = 0, detail: String? = nil)
        /// Other users of the job may change its outcome: it waits for the last pass.
        case deferred
        /// In the last pass: another user comes first.
        case comesAfter(UInt32, LastPassWay.Cause)
    }

    /// A user that ends the whole transaction: its result is known before the next attempt.
    struct Culprit: Hashable {
        var jobID: JobID
        var index: UInt32
    }

    let store: any UserStore
    let rows: any UserRows
    let waiting: any WaitingUsers
    let removals: any EarlyRemovals
    let scope: EmailScope
    let fields = RecordFields()
    var batch: BatchContext
    /// Whether each user is applied in its own savepoint.
    let usesSavepoints: Bool
    let culprits: [Culprit: AppliedUser]
    /// Whether to look, before each insert, that an id is left: one that fails for want of it ends the transaction.
    let looksForIDs: Bool
    /// Set if a refusal ended the transaction.
    var culprit: AppliedUser?
    /// Whether the present user's verdict is final: no other user of its job can change it any more.
    var isFinal = false
    /// Whether there are emails in mixed case: rows of an older table, or written by the CRM.
    let hasMixedCase: Bool
    /// CRM triggers may fire even if the insert conflicts; if there are any, look the row up first.
    private let hasTriggers: Bool
    /// How many of the last users were new, up to 2; at 2 the next one is inserted without a lookup.
    private var newInARow = 0

    /// The row matched for the current user, or 0; a refusal is reported against it.
    private(set) var matchedRowID: Int64 = 0
    /// Whether it was found by id.
    private(set) var isMetByID = false
    /// An id of the row matched for a user that was sent without one.
    var metID: [UInt8]?
    /// Whether the row keeps an address that the user does not ask for.
    var keepsAddress = false

    static let removedBefore = "User is inactive: it was removed after the moment this data is of"

    /// Reads what holds for the whole transaction: the write lock keeps others from changing it.
    init(
        _ store: any UserStore, scope: EmailScope, batch: BatchContext, usesSavepoints: Bool,
        culprits: [Culprit: AppliedUser], looksForIDs: Bool = false
    ) throws {
        self.store = store
        rows = store.rows
        waiting = store.waiting
        removals = store.removals
        self.scope = scope
        self.batch = batch
        self.usesSavepoints = usesSavepoints
        self.culprits = culprits
        self.looksForIDs = looksForIDs
        let facts = try rows.facts()
        hasTriggers = facts.hasTriggers
        hasMixedCase = facts.hasMixedCase
        rows.enter(batch)
    }

    /// Goes on with another batch of the same transaction.
    func enter(_ batch: BatchContext) {
        self.batch = batch
        rows.enter(batch)
    }

    /// Makes a record the present user.
    func load(_ record: UserRecord) {
        fields.load(record)
        forgetMet()
    }

    /// Makes a waiting user the present one.
    func load(_ index: UInt32) throws {
        guard fields.load(copying: try waiting.record(of: index, in: batch.jobID)) else {
            // A fault of the batch, not of the database: its attempts run out.
            throw DirectoryError.transient("The record of waiting user \(index) of job \(batch.jobID) cannot be read")
        }
        forgetMet()
    }

    private func forgetMet() {
        matchedRowID = 0
        metID = nil
        isMetByID = false
        keepsAddress = false
    }

    func noteMet(_ row: Int64) { matchedRowID = row }

    /// Applies a user on the first pass.
    /// - Parameter raw: its record with its length, kept if it must wait.
    /// - Returns: `nil` if it waits for the last pass.
    func apply(_ raw: UnsafeRawBufferPointer, _ record: UserRecord) throws -> AppliedUser? {
        load(record)
        isFinal = false
        let verdict = try guarded { try firstVerdict(raw) }
        if case .deferred = verdict { return nil }
        let user = result(of: verdict)
        if try markWritten(user, result: nil) { return user }
        guard batch.operation == .userSync, fields.personID != nil else { return user }
        if try leavesAddress(user) {
            try waiting.add(fields, nil, as: .keeps, row: matchedRowID, in: batch.jobID)
            batch.hasWaiting = true
            batch.hasKeeping = true
        } else if batch.hasKeeping {
            try noLongerKeepsAddress()
        }
        return user
    }

    private func firstVerdict(_ raw: UnsafeRawBufferPointer) throws -> Verdict {
        if batch.operation == .userRemoval { return try remove() }
        let first = batch.hasWaiting ? try waiting.sharer(before: fields, in: batch.jobID) : nil
        let verdict = first == nil ? try decide() : .deferred
        guard case .deferred = verdict else { return verdict }
        try waiting.add(fields, raw, as: .open, row: 0, in: batch.jobID)
        batch.hasWaiting = true
        return verdict
    }

    /// What becomes of the present user, if it comes after no other that it shares anything with.
    func decide() throws -> Verdict {
        if let problem = fields[.problem] { return .failed(.invalidUser, detail: String(decoding: problem, as: UTF8.self)) }
        return fields.isComplete ? try meet() : .failed(.invalidUser)
    }

    /// Matches the present user against the stored rows and writes it.
    func meet() throws -> Verdict {
        let triesFirst = newInARow == 2 && !hasTriggers && !hasMixedCase && !looksForIDs
        // No unique index contains Kinde ids.
        let isKnownByKindeID = fields.ownKindeID != nil
        if triesFirst, !isKnownByKindeID, let id = try insert() { return try created(id) }
        if let row = try findByID() {
            newInARow = 0
            isMetByID = true
            return isKnownByKindeID && !isMisplaced(row) ? try meetByKindeID(row) : try update(row)
        }
        if triesFirst, isKnownByKindeID, let id = try insert() { return try created(id) }
        if let row = try findByEmail() {
            newInARow = 0
            return try meet(row)
        }
        newInARow = min(newInARow + 1, 2)
        if hasMixedCase, try isEmailElsewhere() { return .failed(.emailInOtherTenant) }
        if !triesFirst, let id = try insert() { return try created(id) }
        if try isEmailElsewhere() { return .failed(.emailInOtherTenant) }
        return try insertSurfacingConflict()
    }

    /// Finds the row with the user's id without writing to it.
    /// - Returns: the row's id, if there is one.
    func lookAtOwnRow() throws -> Int64? {
        guard let row = try findByID() else { return nil }
        defer { row.done() }
        matchedRowID = row.id
        isMetByID = true
        keepsAddress = !(fields.email.map { folded in row.email.map { Email.matches($0, folded: folded) } ?? false } ?? false)
        return matchedRowID
    }

    /// Gives a row a temporary address while others get theirs.
    func move(_ row: Int64, to email: String) throws {
        guard try rows.move(row, to: email) else { throw RuleRefusal.ignored }
    }

    /// Writes what the user sends to its row, and its email if possible.
    func update(_ row: any StoredUserRow) throws -> Verdict {
        let id = row.id
        matchedRowID = id
        let emailStands = fields.email.map { row.email?.sameBytes(as: $0) ?? false } ?? true
        let isOtherSpelling =
            !emailStands && (fields.email.map { folded in row.email.map { Email.matches($0, folded: folded) } ?? false } ?? false)
        keepsAddress = isMetByID && !emailStands && !isOtherSpelling
        let isLate = isMetByID ? try isOfTheRequest(row) : false
        if isLate || SyncOrder.isStale(batch.syncTime, stored: row.syncTime, at: batch.moment) {
            row.done()
            return .applied(.stale, crmUserID: id)
        }
        var changes = row.changes(by: fields)
        // Another row may have it there.
        if isMisplaced(row) { changes.subtract(FieldSet(.kindeUserID)) }
        row.done()
        if !emailStands {
            if isOtherSpelling {
                // A twin in lower case already has that spelling: this row keeps its own.
                if try !isSpellingTaken() { changes.insert(.email) }
            } else {
                if let refusal = try makeRoom(for: id) { return refusal }
                changes.insert(.email)
            }
        }
        return try write(changes, to: id)
    }

    private func write(_ changes: FieldSet, to id: Int64) throws -> Verdict {
        guard try rows.update(id, changes, of: fields) else {
            return .failed(.refusedByDatabase, crmUserID: id, detail: RefusalDetail.ignored)
        }
        keepsAddress = false
        let takesID = changes.contains(.id) || changes.contains(.kindeUserID) && fields[.kindeUserID] != nil
        let isRemoved = takesID ? try staysRemoved(id) : false
        return .applied(changes.isEmpty ? .unchanged : .updated, crmUserID: id, detail: isRemoved ? Self.removedBefore : nil)
    }
}
