import GRDBSQLite
import SyncModel

/// Applies one user after the other, inside a transaction that somebody else holds.
///
/// What a user meets is a result; what it throws means that the database refused the statement (`refusesOneUser`) or is in trouble.
final class UserApplier {
    /// What became of a user.
    enum Verdict {
        case applied(UserOutcome, crmUserID: Int64)
        case failed(FailureCode, crmUserID: Int64 = 0, detail: String? = nil)
        /// It met `identity_conflict` on the first pass and waits for the last.
        case deferred
    }

    let statements: UserStatements
    let scope: EmailScope
    let claims: ConflictClaims
    let fields = RecordFields()
    var batch: BatchContext
    /// Whether emails in mixed case are there: rows of an older table or of the CRM's own making.
    let hasMixedCase: Bool
    /// Triggers of the CRM's may act on an insert that comes to nothing: look first where there are some.
    private let hasTriggers: Bool
    /// How many of the last users were new, up to 2: then the next is tried as new without a look.
    private var newInARow = 0

    /// The row the present user was found to be, 0 where there is none: also what a refusal belongs to.
    private(set) var met: Int64 = 0

    static let ignored = "A trigger of the database ignored the row"

    /// Reads what holds for the whole transaction: the write lock keeps others from changing it.
    init(_ statements: UserStatements, scope: EmailScope, batch: BatchContext) throws(SQLiteFailure) {
        self.statements = statements
        self.scope = scope
        self.batch = batch
        claims = ConflictClaims(statements: statements)
        hasTriggers = try statements(UserSQL.triggers).found()
        hasMixedCase = try MixedCaseIndex.findsRows(statements, hasTriggers: hasTriggers)
    }

    func apply(_ record: UserRecord) throws(SQLiteFailure) -> Verdict {
        fields.load(record)
        met = 0
        if let problem = fields[.problem] { return .failed(.invalidUser, detail: String(decoding: problem, as: UTF8.self)) }
        switch batch.operation {
        case .userSync: return try sync()
        case .userRemoval: return try remove()
        }
    }

    // MARK: Sync

    private func sync() throws(SQLiteFailure) -> Verdict {
        guard fields.email != nil, fields[.name] != nil else { return .failed(.invalidUser) }
        if batch.hasClaims, !batch.isLastPass, try claims.precede(fields, in: batch) { return try waitForLastPass() }

        let triesFirst = newInARow == 2 && !hasTriggers && !hasMixedCase
        if triesFirst, let id = try insert() { return .applied(.created, crmUserID: id) }
        if let row = try find() {
            newInARow = 0
            return try update(row)
        }
        newInARow = min(newInARow + 1, 2)
        if hasMixedCase, try isEmailElsewhere() { return .failed(.emailInOtherTenant) }
        if !triesFirst, let id = try insert() { return .applied(.created, crmUserID: id) }
        if try isEmailElsewhere() { return .failed(.emailInOtherTenant) }
        return try insertInSight()
    }

    /// The user's row: by wrapper id, else by email.
    private func find() throws(SQLiteFailure) -> StoredRow? {
        if let id = fields[.id] {
            let select = try statements.byWrapperID()
            batch.bindConstants(to: select)
            select.bind(UserSQL.parameter(.id), id)
            if try select.step() { return StoredRow(select) }
        }
        return try findByEmail()
    }

    private func update(_ row: StoredRow) throws(SQLiteFailure) -> Verdict {
        let id = row.id
        met = id
        if SyncOrder.isStale(batch.syncTime, stored: row.syncTime) {
            row.done()
            return .applied(.stale, crmUserID: id)
        }
        var changes = fields.changes(from: row)
        let emailStands = fields.email.map { row.email?.sameBytes(as: $0) ?? false } ?? true
        let isOtherSpelling = fields.email.map { folded in row.email.map { Email.matches($0, folded: folded) } ?? false } ?? false
        row.done()
        if !emailStands {
            if isOtherSpelling {
                // A twin in lower case has that spelling already: this row keeps its own.
                if try !isSpellingTaken() { changes.insert(.email) }
            } else {
                if let refusal = try makeRoom(for: id) { return refusal }
                changes.insert(.email)
            }
        }
        return try write(changes, to: id)
    }

    private func write(_ changes: FieldSet, to id: Int64) throws(SQLiteFailure) -> Verdict {
        let update = try statements.update(changes)
        batch.bindConstants(to: update)
        bind(changes, to: update)
        update.bind(UserSQL.row, id)
        try update.run()
        guard sqlite3_changes(statements.connection) > 0 else {
            return .failed(.refusedByDatabase, crmUserID: id, detail: Self.ignored)
        }
        if !changes.isEmpty { return .applied(.updated, crmUserID: id) }
        // Its email may have been given to it when another user of the job needed the old one.
        let wasMoved = batch.isLastPass ? try claims.wasMoved(fields.index, in: batch) : false
        return .applied(wasMoved ? .updated : .unchanged, crmUserID: id)
    }

    /// Creates the user; `nil` where a unique index holds it already or a trigger ignored it.
    private func insert() throws(SQLiteFailure) -> Int64? {
        let shape = fields.creation
        return try run(insert: statements.insert(shape), shape)
    }

    /// Tries once more without a way out, to learn what the database has against the user.
    private func insertInSight() throws(SQLiteFailure) -> Verdict {
        let shape = fields.creation
        let insert = try statements(UserSQL.insert(shape, onConflictDoNothing: false))
        guard let id = try run(insert: insert, shape) else { return .failed(.refusedByDatabase, detail: Self.ignored) }
        return .applied(.created, crmUserID: id)
    }

    private func run(insert: RawStatement, _ shape: FieldSet) throws(SQLiteFailure) -> Int64? {
        batch.bindConstants(to: insert)
        bind(shape, to: insert)
        try insert.run()
        return sqlite3_changes(statements.connection) > 0 ? sqlite3_last_insert_rowid(statements.connection) : nil
    }

    private func bind(_ shape: FieldSet, to statement: RawStatement) {
        shape.forEach { field in
            if let value = fields.target(field) { statement.bind(UserSQL.parameter(field), value) }
        }
    }

    // MARK: Removal

    private func remove() throws(SQLiteFailure) -> Verdict {
        guard let id = fields[.id] else { return .failed(.userNotFound) }
        let select = try statement(UserSQL.removalByWrapperID)
        select.bind(UserSQL.parameter(.id), id)
        guard try select.step() else { return .failed(.userNotFound) }
        let row = select.int64(0)
        met = row
        let isStale = SyncOrder.isStale(batch.syncTime, stored: select.text(1))
        select.reset()
        if isStale { return .applied(.stale, crmUserID: row) }
        let update = try statement(UserSQL.deactivate)
        update.bind(UserSQL.row, row)
        try update.run()
        guard sqlite3_changes(statements.connection) > 0 else {
            return .failed(.refusedByDatabase, crmUserID: row, detail: Self.ignored)
        }
        return .applied(.removed, crmUserID: row)
    }

    /// A statement with the batch's constants bound.
    func statement(_ sql: String) throws(SQLiteFailure) -> RawStatement {
        let statement = try statements(sql)
        batch.bindConstants(to: statement)
        return statement
    }
}

/// A row of `users` that a statement stands on. `done()` before the next statement writes.
struct StoredRow: StoredUser {
    private let statement: RawStatement

    init(_ statement: RawStatement) { self.statement = statement }

    var id: Int64 { statement.int64(0) }
    var email: UnsafeRawBufferPointer? { statement.text(UserSQL.column(.email)) }
    var wrapperID: String? { statement.string(UserSQL.column(.id)) }
    var syncTime: UnsafeRawBufferPointer? { statement.text(UserSQL.syncTimeColumn) }

    func holds(_ value: FieldValue, in field: UserField) -> Bool {
        let column = UserSQL.column(field)
        return switch value {
        case .text(let bytes): statement.text(column)?.sameBytes(as: bytes) ?? false
        case .flag(let flag): statement.integer(column) == (flag ? 1 : 0)
        case .null: statement.isNull(column)
        }
    }

    func done() { statement.reset() }
}
