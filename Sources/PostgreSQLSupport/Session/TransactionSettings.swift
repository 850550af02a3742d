/// What a transaction is begun with. Set in the transaction alone: a pooler may hand the server to somebody else after it.
package struct TransactionSettings: Sendable {
    /// How long a statement waits for a lock; `nil`: as the server has it.
    package var lockTimeout: Duration?
    /// Whoever freezes in a transaction holds its locks for so long.
    package var idleTimeout: Duration
    /// Further settings by their names, such as the planner's (`enable_seqscan`, `off`). Bound as values: constant or not.
    package var more: [(name: String, value: String)]

    package init(
        lockTimeout: Duration? = nil, idleTimeout: Duration = .seconds(10), more: [(name: String, value: String)] = []
    ) {
        self.lockTimeout = lockTimeout
        self.idleTimeout = idleTimeout
        self.more = more
    }

    private static let set = "SELECT set_config(s.name, s.value, true) FROM unnest($1::text[], $2::text[]) AS s (name, value)"

    /// A commit that is answered is on disk, and on the standby that there may be, even if the server's default is weaker.
    private static let durable = """
        SELECT set_config('synchronous_commit', 'on', true)
        WHERE current_setting('synchronous_commit') IN ('off', 'local', 'remote_write')
        """

    /// - Parameter deadline: the server gives up by itself then: a connection that was lost does not tell it.
    func opening(deadline: ContinuousClock.Instant) -> [PostgresStatement] {
        var settings = [
            ("statement_timeout", Self.milliseconds(ContinuousClock.now.duration(to: deadline))),
            ("idle_in_transaction_session_timeout", Self.milliseconds(idleTimeout)),
        ]
        if let lockTimeout { settings.append(("lock_timeout", Self.milliseconds(lockTimeout))) }
        settings += more.map { ($0.name, $0.value) }
        return [
            .once("BEGIN ISOLATION LEVEL READ COMMITTED"),
            PostgresStatement(Self.set, .texts(settings.map(\.0)), .texts(settings.map(\.1))),
            PostgresStatement(Self.durable),
        ]
    }

    /// 0 would be no limit; more than the server's largest number is that.
    private static func milliseconds(_ duration: Duration) -> String {
        let milliseconds = duration / .milliseconds(1)
        return String(Int32(max(1, min(milliseconds.rounded(.up), Double(Int32.max)))))
    }
}
