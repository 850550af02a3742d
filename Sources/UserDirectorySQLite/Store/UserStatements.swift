import SQLiteSupport
import UserDirectory

/// The statements of the hot loop, each compiled once; inserts and updates by their shape.
final class UserStatements {
    let connection: OpaquePointer
    private let cache: StatementCache
    private var inserts: [FieldSet: SQLStatement] = [:]
    private var updates: [FieldSet: SQLStatement] = [:]
    private var takeOvers: [TakeOver: SQLStatement] = [:]
    private var lookup: SQLStatement?
    private var batches = 0
    /// `PRAGMA data_version` when the tables were fitted; if it differs, another process has committed since.
    let preparedDataVersion: Int64
    /// Lookups by Kinde id, which name the index.
    let byKindeID: String
    let removalByKindeID: String

    private struct TakeOver: Hashable {
        var fields: FieldSet
        var kept: FieldSet
    }

    /// The most shapes kept per kind; if a payload has more, they are compiled again.
    private static let capacity = 64

    init(_ connection: OpaquePointer, _ tables: SchemaUpgrade.Findings) {
        preparedDataVersion = tables.dataVersion
        byKindeID = UserSQL.byKindeID(index: tables.kindeIndex)
        removalByKindeID = UserSQL.removalByKindeID(index: tables.kindeIndex)
        self.connection = connection
        cache = StatementCache(connection)
    }

    func callAsFunction(_ sql: String) throws(SQLiteFailure) -> SQLStatement { try cache(sql) }

    /// The lookup for every known user, without a search by its SQL text.
    func byWrapperID() throws(SQLiteFailure) -> SQLStatement {
        if let lookup { return lookup }
        let statement = try SQLStatement(connection, UserSQL.byWrapperID)
        lookup = statement
        return statement
    }

    func insert(_ fields: FieldSet) throws(SQLiteFailure) -> SQLStatement {
        if let statement = inserts[fields] { return statement }
        if inserts.count >= Self.capacity { inserts.removeAll() }
        let statement = try SQLStatement(connection, UserSQL.insert(fields, onConflictDoNothing: true))
        inserts[fields] = statement
        return statement
    }

    func update(_ fields: FieldSet) throws(SQLiteFailure) -> SQLStatement {
        if let statement = updates[fields] { return statement }
        if updates.count >= Self.capacity { updates.removeAll() }
        let statement = try SQLStatement(connection, UserSQL.update(fields))
        updates[fields] = statement
        return statement
    }

    /// - Parameter kept: fields whose value stays the same.
    func takeOver(_ fields: FieldSet, kept: FieldSet) throws(SQLiteFailure) -> SQLStatement {
        let shape = TakeOver(fields: fields, kept: kept)
        if let statement = takeOvers[shape] { return statement }
        if takeOvers.count >= Self.capacity { takeOvers.removeAll() }
        let select = try cache(UserSQL.defaults)
        var defaults: [String: String] = [:]
        while try select.step() {
            if let column = select.string(0) { defaults[column] = select.string(1) }
        }
        let statement = try SQLStatement(connection, UserSQL.takeOver(fields, kept: kept, defaults: defaults))
        takeOvers[shape] = statement
        return statement
    }

    /// A new number per batch: shows whether a statement has this batch's constants bound.
    func nextBatch() -> Int {
        batches += 1
        return batches
    }
}
