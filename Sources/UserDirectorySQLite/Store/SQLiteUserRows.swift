import GRDBSQLite
import SQLiteSupport
import SyncModel
import UserDirectory

/// The table `users`. Every statement names the tenant of the batch.
final class SQLiteUserRows: UserRows {
    private let statements: UserStatements
    /// Distinguishes the batch from all others on this connection.
    private var serial = 0
    private var tenant = ""
    /// The job's sync time, and the time the batch is applied, in stored form.
    private var syncTime = ""
    private var now = ""

    init(_ statements: UserStatements) { self.statements = statements }

    func facts() throws -> UserTableFacts {
        let hasTriggers = try statements(UserSQL.triggers).found()
        return UserTableFacts(
            hasTriggers: hasTriggers, hasMixedCase: try MixedCaseIndex.findsRows(statements, hasTriggers: hasTriggers))
    }

    func enter(_ batch: BatchContext) {
        serial = statements.nextBatch()
        tenant = batch.tenantID.text
        syncTime = batch.syncTime.iso8601
        now = batch.moment.iso8601
    }

    func haveMisplacedIDs(in tenantID: TenantID) throws -> Bool {
        let select = try statements(UserSQL.anyMisplacedID)
        select.bind(UserSQL.tenant, copying: tenantID.text)
        return try select.found()
    }

    // MARK: Lookups

    func find(platformID: UnsafeRawBufferPointer) throws -> (any StoredUserRow)? {
        let select = try statements.byWrapperID()
        bindBatch(to: select)
        select.bind(UserSQL.parameter(.id), platformID)
        return try select.step() ? StoredRow(select) : nil
    }

    func find(kindeID: UnsafeRawBufferPointer) throws -> (any StoredUserRow)? {
        let select = try statement(statements.byKindeID)
        select.bind(UserSQL.parameter(.kindeUserID), kindeID)
        return try select.step() ? StoredRow(select) : nil
    }

    func find(email: UnsafeRawBufferPointer) throws -> (any StoredUserRow)? {
        let select = try statement(UserSQL.byEmail)
        select.bind(UserSQL.parameter(.email), email)
        return try select.step() ? StoredRow(select) : nil
    }

    func find(row: Int64) throws -> (any StoredUserRow)? {
        let select = try statement(UserSQL.byRow)
        select.bind(UserSQL.row, row)
        return try select.step() ? StoredRow(select) : nil
    }

    func removable(platformID: UnsafeRawBufferPointer) throws -> [RemovableRow] {
        try removable(UserSQL.removalByWrapperID, platformID)
    }

    func removable(kindeID: UnsafeRawBufferPointer) throws -> [RemovableRow] {
        try removable(statements.removalByKindeID, kindeID)
    }

    private func removable(_ sql: String, _ id: UnsafeRawBufferPointer) throws -> [RemovableRow] {
        let select = try statement(sql)
        select.bind(UserSQL.parameter(.id), id)
        var rows: [RemovableRow] = []
        while try select.step() {
            rows.append(RemovableRow(id: select.int64(0), syncTime: select.text(1).flatMap { Timestamp(iso8601: $0) }))
        }
        return rows
    }

    func holders(of email: UnsafeRawBufferPointer, inAnyCase: Bool) throws -> [EmailHolder] {
        var rows: [EmailHolder] = []
        let select = try statement(UserSQL.byEmail)
        select.bind(UserSQL.parameter(.email), email)
        while try select.step() {
            let row = StoredRow(select)
            rows.append(EmailHolder(id: row.id, email: row.email.map { Array($0) } ?? [], personIDs: row.personIDs))
        }
        guard inAnyCase else { return rows }
        let mixed = try statement(UserSQL.byMixedCaseEmail)
        mixed.bind(UserSQL.parameter(.email), email)
        while try mixed.step() {
            let ids = [mixed.text(2), mixed.text(3).flatMap { PersonID.isKinde($0) ? $0 : nil }]
            rows.append(
                EmailHolder(
                    id: mixed.int64(0), email: mixed.text(1).map { Array($0) } ?? [],
                    personIDs: ids.compactMap { $0.map { Array($0) } }))
        }
        return rows
    }

    func isElsewhere(_ email: UnsafeRawBufferPointer, inAnyCase: Bool) throws -> Bool {
        for sql in inAnyCase ? [UserSQL.emailElsewhere, UserSQL.mixedCaseEmailElsewhere] : [UserSQL.emailElsewhere] {
            let select = try statement(sql)
            select.bind(UserSQL.parameter(.email), email)
            if try select.found() { return true }
        }
        return false
    }

    // MARK: Writing

    func insert(_ fields: RecordFields, reportsConflict: Bool, looksForIDs: Bool) throws -> Int64? {
        let shape = fields.creation
        let insert =
            try reportsConflict
            ? statements(UserSQL.insert(shape, onConflictDoNothing: false)) : statements.insert(shape)
        let ids = RowIDs(of: "users", statements)
        if looksForIDs { try ids.expectMore() }
        bindBatch(to: insert)
        bind(shape, of: fields, to: insert)
        do throws(SQLiteFailure) { try insert.run() } catch { throw ids.failure(error) }
        return hasChanged ? sqlite3_last_insert_rowid(statements.connection) : nil
    }

    func update(_ row: Int64, _ changes: FieldSet, of fields: RecordFields) throws -> Bool {
        try write(statements.update(changes), row, changes, of: fields)
    }

    func takeOver(_ row: Int64, by fields: RecordFields, kept: FieldSet) throws -> Bool {
        let shape = fields.creation
        return try write(statements.takeOver(shape, kept: kept), row, shape, of: fields)
    }

    private func write(
        _ update: SQLStatement, _ row: Int64, _ shape: FieldSet, of fields: RecordFields
    ) throws(SQLiteFailure) -> Bool {
        bindBatch(to: update)
        bind(shape, of: fields, to: update)
        update.bind(UserSQL.row, row)
        try update.run()
        return hasChanged
    }

    func deactivate(_ row: Int64, at moment: Timestamp) throws -> Bool {
        let update = try statement(UserSQL.deactivate)
        update.bind(UserSQL.syncTime, copying: moment.iso8601)
        // Makes the batch's own time be bound again next time.
        update.boundFor = 0
        update.bind(UserSQL.row, row)
        try update.run()
        return hasChanged
    }

    func move(_ row: Int64, to email: String) throws -> Bool {
        let update = try statement(UserSQL.moveEmail)
        update.bind(UserSQL.parameter(.email), copying: email)
        update.bind(UserSQL.row, row)
        try update.run()
        return hasChanged
    }

    private var hasChanged: Bool { sqlite3_changes(statements.connection) > 0 }

    // MARK: Binding

    /// A statement with the batch's constants bound.
    private func statement(_ sql: String) throws(SQLiteFailure) -> SQLStatement {
        let statement = try statements(sql)
        bindBatch(to: statement)
        return statement
    }

    /// Binds the constants, once per batch and statement.
    private func bindBatch(to statement: SQLStatement) {
        guard statement.boundFor != serial else { return }
        statement.bind(UserSQL.tenant, copying: tenant)
        statement.bind(UserSQL.syncTime, copying: syncTime)
        statement.bind(UserSQL.now, copying: now)
        statement.boundFor = serial
    }

    /// Binds every field of the shape: what an earlier user bound would count otherwise, and lead into memory that is gone.
    private func bind(_ shape: FieldSet, of fields: RecordFields, to statement: SQLStatement) {
        shape.forEach { field in statement.bind(UserSQL.parameter(field), fields.target(field) ?? .null) }
    }
}
