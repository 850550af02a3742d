import PostgreSQLSupport
import SyncModel
import UserDirectory

/// The table `users`, each question a round trip. What was read is locked against the CRM's own writes until the commit.
final class PostgresUserRows: UserRows {
    private let commit: PostgresCommit
    private var tenant = PostgresValue.text("")
    private var syncTime = PostgresValue.timestamp(nil)
    private var now = PostgresValue.timestamp(nil)

    init(_ commit: PostgresCommit) { self.commit = commit }

    func facts() throws -> UserTableFacts {
        guard let row = try commit.one(PostgresUserSQL.facts).first else { throw PostgresError(.other, "no facts") }
        return UserTableFacts(hasTriggers: try row.bool(0), hasMixedCase: try row.bool(1))
    }

    func enter(_ batch: BatchContext) {
        tenant = .text(batch.tenantID.text)
        syncTime = .timestamp(batch.syncTime.microseconds)
        now = .timestamp(batch.moment.microseconds)
    }

    /// No earlier version has put any there.
    func haveMisplacedIDs(in tenantID: TenantID) -> Bool { false }

    // MARK: Lookups

    func find(platformID: UnsafeRawBufferPointer) throws -> (any StoredUserRow)? {
        try find(PostgresUserSQL.byPlatformID, .text(utf8: Array(platformID)))
    }

    func find(kindeID: UnsafeRawBufferPointer) throws -> (any StoredUserRow)? {
        try find(PostgresUserSQL.byKindeID, .text(utf8: Array(kindeID)))
    }

    func find(email: UnsafeRawBufferPointer) throws -> (any StoredUserRow)? {
        try find(PostgresUserSQL.byEmail, .text(utf8: Array(email)))
    }

    func find(row: Int64) throws -> (any StoredUserRow)? { try find(PostgresUserSQL.byRow, .int8(row)) }

    private func find(_ sql: String, _ value: PostgresValue) throws(PostgresError) -> (any StoredUserRow)? {
        let result = try commit.one(sql, tenant, value)
        guard let row = result.first else { return nil }
        return try PostgresStoredRow(row, columns: result.columns.count) { [commit] in commit.jsonForm($0) }
    }

    func removable(platformID: UnsafeRawBufferPointer) throws -> [RemovableRow] {
        try removable(PostgresUserSQL.removalByPlatformID, platformID)
    }

    func removable(kindeID: UnsafeRawBufferPointer) throws -> [RemovableRow] {
        try removable(PostgresUserSQL.removalByKindeID, kindeID)
    }

    private func removable(_ sql: String, _ id: UnsafeRawBufferPointer) throws -> [RemovableRow] {
        try commit.one(sql, tenant, .text(utf8: Array(id))).map { row in
            RemovableRow(id: Int64(try row.int(0)), syncTime: try row.optionalTime(1).map { Timestamp(microseconds: $0) })
        }
    }

    func holders(of email: UnsafeRawBufferPointer, inAnyCase: Bool) throws -> [EmailHolder] {
        let value = PostgresValue.text(utf8: Array(email))
        var rows = try commit.one(PostgresUserSQL.holders, tenant, value).map(Self.holder)
        if inAnyCase { rows += try commit.one(PostgresUserSQL.mixedHolders, tenant, value).map(Self.holder) }
        return rows
    }

    private static func holder(_ row: PostgresRow) throws -> EmailHolder {
        let kinde = try row.utf8(3).map { Array($0) }.flatMap { id in id.withUnsafeBytes { PersonID.isKinde($0) } ? id : nil }
        let ids = [try row.utf8(2).map { Array($0) }, kinde].compactMap(\.self)
        return EmailHolder(id: Int64(try row.int(0)), email: try row.utf8(1).map { Array($0) } ?? [], personIDs: ids)
    }

    func isElsewhere(_ email: UnsafeRawBufferPointer, inAnyCase: Bool) throws -> Bool {
        let value = PostgresValue.text(utf8: Array(email))
        if try commit.one(PostgresUserSQL.elsewhere, tenant, value).first?.bool(0) == true { return true }
        return try inAnyCase && commit.one(PostgresUserSQL.mixedElsewhere, tenant, value).first?.bool(0) == true
    }

    // MARK: Writing

    func insert(_ fields: RecordFields, reportsConflict: Bool, looksForIDs: Bool) throws -> Int64? {
        let shape = fields.creation
        let sql = PostgresUserSQL.insert(shape, ignoresConflict: !reportsConflict)
        let result = try commit.one(PostgresStatement(sql, [tenant, syncTime, now] + values(shape, of: fields)))
        return try result.first.map { Int64(try $0.int(0)) }
    }

    func update(_ row: Int64, _ changes: FieldSet, of fields: RecordFields) throws -> Bool {
        try write(PostgresUserSQL.update(changes), row, values(changes, of: fields))
    }

    func takeOver(_ row: Int64, by fields: RecordFields, kept: FieldSet) throws -> Bool {
        let shape = fields.creation
        // Parameters that no place stands for have no type.
        return try write(
            PostgresUserSQL.takeOver(shape.subtracting(kept), kept: kept), row, values(shape.subtracting(kept), of: fields))
    }

    func deactivate(_ row: Int64, at moment: Timestamp) throws -> Bool {
        let statement = PostgresStatement(
            PostgresUserSQL.deactivate, tenant, .timestamp(moment.microseconds), now, .int8(row))
        return try commit.one(statement).affected > 0
    }

    func move(_ row: Int64, to email: String) throws -> Bool {
        try commit.one(PostgresUserSQL.move, tenant, now, .text(email), .int8(row)).affected > 0
    }

    private func write(_ sql: String, _ row: Int64, _ values: [PostgresValue]) throws(PostgresError) -> Bool {
        try commit.one(PostgresStatement(sql, [tenant, syncTime, now, .int8(row)] + values)).affected > 0
    }

    /// The values of a shape's fields, in their order.
    private func values(_ shape: FieldSet, of fields: RecordFields) -> [PostgresValue] {
        shape.fields.map { Self.value(fields.target($0) ?? .null, of: $0) }
    }

    private static func value(_ value: FieldValue, of field: UserField) -> PostgresValue {
        switch (value, PostgresUserSQL.form(of: field)) {
        case (.text(let bytes), .json): .jsonb(utf8: Array(bytes))
        case (.text(let bytes), .time): .timestamp(Timestamp(iso8601: bytes)?.microseconds)
        case (.text(let bytes), _): .text(utf8: Array(bytes))
        case (.flag(let flag), _): .bool(flag)
        case (.null, .flag): .bool(nil)
        case (.null, .json): .jsonb(nil)
        case (.null, .time): .timestamp(nil)
        case (.null, .text): .text(nil)
        }
    }
}
