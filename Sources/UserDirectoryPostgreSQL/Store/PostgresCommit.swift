import PostgreSQLSupport
import UserDirectory

/// The transaction that a store works in, and how it asks the server. On the connection's own thread.
final class PostgresCommit {
    private let session: PostgresSession
    private let deadline: ContinuousClock.Instant
    private var transaction: PostgresTransaction?
    /// What the server makes of JSON texts, by the texts: `nil` for what is none.
    private var jsonForms: [[UInt8]: [UInt8]?] = [:]
    /// The most of them that are remembered.
    private static let mostForms = 1024

    init(_ session: PostgresSession, deadline: ContinuousClock.Instant) {
        self.session = session
        self.deadline = deadline
    }

    func begin() {
        transaction = session.begin(TransactionSettings(lockTimeout: .seconds(5)), deadline: deadline)
    }

    func commit() throws(PostgresError) {
        _ = try transaction?.commit()
        transaction = nil
    }

    func rollBack() {
        session.rollback()
        transaction = nil
    }

    /// Runs statements in one round trip; begins the transaction with the first.
    @discardableResult
    func run(_ statements: PostgresStatement...) throws(PostgresError) -> [PostgresResult] {
        guard let transaction else { throw PostgresError(.other, "no transaction was begun") }
        return try transaction.run(statements)
    }

    /// Runs one statement.
    @discardableResult
    func one(_ sql: String, _ values: PostgresValue...) throws(PostgresError) -> PostgresResult {
        try one(PostgresStatement(sql, values))
    }

    @discardableResult
    func one(_ statement: PostgresStatement) throws(PostgresError) -> PostgresResult {
        guard let result = try run(statement).first else { throw PostgresError(.other, "no result") }
        return result
    }

    /// The text of a JSON value as the server stores it; `nil` if it refuses it.
    func jsonForm(_ text: [UInt8]) -> [UInt8]? {
        if let known = jsonForms[text] { return known }
        if jsonForms.count >= Self.mostForms { jsonForms = [:] }
        let form = try? transaction?.attempt([PostgresStatement("SELECT $1::jsonb::text", .jsonb(utf8: text))])
            .first?.first?.utf8(0).map { Array($0) }
        jsonForms[text] = .some(form)
        return form
    }
}
