import UserDirectory

/// Compiled statements by their text. Bounded: inserts and updates have many shapes in theory, few in practice.
final class StatementCache {
    private let connection: OpaquePointer
    private var statements: [String: RawStatement] = [:]
    private static let capacity = 256

    init(_ connection: OpaquePointer) { self.connection = connection }

    func callAsFunction(_ sql: String) throws(SQLiteFailure) -> RawStatement {
        if let statement = statements[sql] { return statement }
        if statements.count >= Self.capacity { statements.removeAll() }
        let statement = try RawStatement(connection, sql)
        statements[sql] = statement
        return statement
    }
}
