/// A transaction while its closure runs. It begins with the first statements that are run, in the same round trip, and ends with
/// `commit`, or after the closure.
package final class PostgresTransaction {
    private let session: PostgresSession
    private let deadline: ContinuousClock.Instant
    private let opening: [PostgresStatement]
    private(set) var state = State.fresh

    enum State {
        /// The server knows nothing of it.
        case fresh
        case open
        /// Committed, or to be rolled back.
        case over
    }

    init(_ session: PostgresSession, _ settings: TransactionSettings, deadline: ContinuousClock.Instant) {
        self.session = session
        self.deadline = deadline
        opening = settings.opening(deadline: deadline)
    }

    /// Runs statements in one round trip. After an error the transaction can only be rolled back, which is what happens once the
    /// closure throws.
    /// - Returns: a result for each statement.
    package func run(_ statements: PostgresStatement...) throws(PostgresError) -> [PostgresResult] { try run(statements) }

    package func run(_ statements: [PostgresStatement]) throws(PostgresError) -> [PostgresResult] {
        try exchange(statements)
    }

    /// Runs the last statements and COMMIT in one round trip.
    package func commit(_ statements: PostgresStatement...) throws(PostgresError) -> [PostgresResult] { try commit(statements) }

    package func commit(_ statements: [PostgresStatement]) throws(PostgresError) -> [PostgresResult] {
        defer { state = .over }
        if state == .fresh, statements.isEmpty { return [] }
        return try exchange(statements + [.commit]).dropLast()
    }

    /// Runs statements that may be refused: then they did nothing, and the transaction goes on. Not more than 60 in a transaction: from
    /// 64 on the server remembers them in a slower way.
    package func attempt(_ statements: [PostgresStatement]) throws(PostgresError) -> [PostgresResult] {
        do {
            return try exchange([.savepoint] + statements + [.release]).dropFirst().dropLast()
        } catch {
            guard session.handle.isGood, error.kind == .refused || error.kind == .other else { throw error }
            _ = try exchange([.rollbackToSavepoint, .release])
            throw error.earlier(by: 1)
        }
    }

    private func exchange(_ statements: [PostgresStatement]) throws(PostgresError) -> [PostgresResult] {
        guard state != .over else { throw PostgresError(.other, "the transaction is over") }
        guard !statements.isEmpty else { return [] }
        let before = state == .fresh ? opening : []
        state = .open
        do {
            return Array(try session.exchange(before + statements, deadline).dropFirst(before.count))
        } catch {
            throw error.earlier(by: before.count)
        }
    }

    /// Commits what the closure did not.
    func finish() throws(PostgresError) {
        if state == .open { _ = try commit() }
    }
}

extension PostgresStatement {
    fileprivate static let savepoint = once("SAVEPOINT usersync_attempt")
    fileprivate static let release = once("RELEASE usersync_attempt")
    fileprivate static let rollbackToSavepoint = once("ROLLBACK TO usersync_attempt")
}

extension PostgresError {
    /// The same, for whoever did not send the first statements.
    fileprivate func earlier(by count: Int) -> PostgresError {
        var error = self
        error.statement = statement.flatMap { $0 >= count ? $0 - count : nil }
        return error
    }
}
