/// Compiled statements by their text. Bounded: inserts and updates have many shapes in theory, few in practice.
package final class StatementCache {
    private let connection: OpaquePointer
    private var statements: [String: SQLStatement] = [:]
    private static let capacity = 256

    package init(_ connection: OpaquePointer) { self.connection = connection }

    package func callAsFunction(_ sql: String) throws(SQLiteFailure) -> SQLStatement {
        if let statement = statements[sql] { return statement }
        if statements.count >= Self.capacity { statements.removeAll() }
        let statement = try SQLStatement(connection, sql)
        statements[sql] = statement
        return statement
    }
}
