/// A statement and its parameters (`$1`, `$2`, …).
package struct PostgresStatement: Sendable {
    package let sql: String
    package let values: [PostgresValue]
    /// The server parses it once for a connection, and plans it a few times.
    package let isPrepared: Bool

    /// A statement whose text is a constant: the connection prepares it when it first meets it, and keeps it.
    package init(_ sql: String, _ values: PostgresValue...) { self.init(sql, values) }

    package init(_ sql: String, _ values: [PostgresValue]) {
        self.sql = sql
        self.values = values
        isPrepared = true
    }

    private init(once sql: String, _ values: [PostgresValue]) {
        self.sql = sql
        self.values = values
        isPrepared = false
    }

    /// A statement that is not prepared: its text is made for the occasion, or it runs rarely, or it is no query (`CREATE`, `SET`).
    package static func once(_ sql: String, _ values: PostgresValue...) -> PostgresStatement {
        PostgresStatement(once: sql, values)
    }

    /// The one way to commit: a connection knows by it when an answer decides what became of a transaction.
    package static let commit = once("COMMIT")
    static let rollback = once("ROLLBACK")

    var isCommit: Bool { sql == "COMMIT" }
}
