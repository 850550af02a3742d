package import PostgreSQLSupport
package import SyncModel
package import UserDirectory

/// The CRM's users in its PostgreSQL database.
///
/// One connection writes, on its own thread: calls wait for one another there. A commit whose answer was lost is made again; the
/// ledger then says what it had done.
package final class PostgresUserDirectory: UserDirectory {
    package struct Options: Sendable {
        /// How long a call may take, in seconds.
        package var patience = 30.0
        /// Days for which the removal of an unknown user is remembered.
        package var retentionDays = 7.0
        /// Steps beyond its own batches that a commit may take in last passes.
        package var lastPassSteps = 20_000

        package init() {}
    }

    private let pool: PostgresPool
    /// Questions do not wait for calls that write.
    private let readers: PostgresPool
    private let scope: EmailScope
    private let clock: WallClock
    private let options: Options
    /// Used on the connection's thread alone, of which there is one.
    private nonisolated(unsafe) let ways = LastPassWays()
    package let batchesPerCommit = 20

    package init(_ url: PostgresURL, emailScope: EmailScope, clock: WallClock, options: Options = Options()) {
        pool = PostgresPool(url, size: 1)
        readers = PostgresPool(url, size: 1)
        scope = emailScope
        self.clock = clock
        self.options = options
    }

    private var retention: Double { options.retentionDays * 86_400 }

    package func prepare() async throws(DirectoryError) {
        let scope = scope
        try await use { session, deadline in
            for statement in PostgresTables.creation(scope) { _ = try session.run([.once(statement)], deadline: deadline) }
        }
    }

    package func apply(
        _ batches: [BatchWork], closeEarly: @escaping @Sendable () -> Bool
    ) async throws(DirectoryError) -> [BatchApplied] {
        guard !batches.isEmpty else { return [] }
        return try await applying { try $0.apply(batches, closeEarly: closeEarly) }
    }

    package func giveUp(_ batch: BatchWork, error reason: String) async throws(DirectoryError) -> BatchApplied {
        do throws(DirectoryError) {
            return try await applying { try $0.giveUp(batch, error: reason, marksRows: true) }
        } catch {
            // What keeps the users from being applied may also keep their rows from being looked up.
            guard case .transient = error else { throw error }
            return try await applying { try $0.giveUp(batch, error: reason, marksRows: false) }
        }
    }

    package func tombstone(_ job: JobID, batches: [Int]) async throws(DirectoryError) -> [Int: BatchApplied] {
        try await store { [self] store in
            ways.forget(job)
            return try store.transaction {
                var standing: [Int: BatchApplied] = [:]
                for batch in batches {
                    if let applied = try store.ledger.findOrClear(job, batch) {
                        if !applied.isTombstone { standing[batch] = applied }
                    } else {
                        try store.ledger.record(BatchApplied(jobID: job, number: batch, users: [], isTombstone: true))
                    }
                }
                return standing
            }
        }
    }

    package func settledAhead(of job: JobID) async throws(DirectoryError) -> [AppliedUser] {
        try await store { store in try store.transaction { try store.waiting.settledAhead(of: job) } }
    }

    package func log(_ jobs: [SyncLogEntry]) async throws(DirectoryError) {
        try await store { store in
            try store.transaction {
                for job in jobs {
                    guard let refusal = try store.jobLog.add(job) else { continue }
                    throw DirectoryError.transient("The table sync_logs refuses a row. PostgreSQL says: \(refusal)")
                }
            }
        }
    }

    package func forget(_ jobs: [JobID]) async throws(DirectoryError) {
        let (retention, now) = (retention, clock.now())
        try await use { session, deadline in
            let commit = PostgresCommit(session, deadline: deadline)
            try PostgresUserStore(commit, retention: retention).transaction {
                for job in jobs { try PostgresLedger(commit: commit).forget(job) }
                try PostgresEarlyRemovals(commit: commit, retention: retention).forgetOld(at: now)
            }
        }
    }

    package func hasUsers(of tenantID: TenantID) async throws(DirectoryError) -> Bool {
        try await use(readers) { session, deadline in
            let any = "SELECT EXISTS (SELECT 1 FROM users WHERE tenant_id = $1) OR EXISTS (\(PostgresEarlyRemovals.anyOfTenant))"
            return try session.run([PostgresStatement(any, .text(tenantID.text))], deadline: deadline)[0].first?.bool(0) ?? false
        }
    }

    package func probe() async throws(DirectoryError) {
        try await use { session, deadline in
            let statements: [PostgresStatement] = [
                .once("BEGIN"),
                .once("INSERT INTO usersync_ledger (job_id, batch) VALUES ('probe', 0) ON CONFLICT DO NOTHING"),
                .once("DELETE FROM usersync_ledger WHERE job_id = 'probe'"), .once("SELECT 1 FROM users LIMIT 1"), .commit,
            ]
            _ = try session.run(statements, deadline: deadline)
        }
    }

    /// The server writes its log back by itself.
    package func checkpoint() async {}

    package func close() async {
        await pool.close()
        await readers.close()
    }

    // MARK: On the connection

    private func applying<Value: Sendable>(
        _ body: @escaping @Sendable (BatchApplier) throws -> Value
    ) async throws(DirectoryError) -> Value {
        let (scope, clock, steps) = (scope, clock, options.lastPassSteps)
        return try await store { [self] store in
            try body(BatchApplier(store, scope: scope, clock: clock, ways: ways, lastPassSteps: steps))
        }
    }

    private func store<Value: Sendable>(
        _ body: @escaping @Sendable (PostgresUserStore) throws -> Value
    ) async throws(DirectoryError) -> Value {
        let retention = retention
        return try await use { session, deadline in
            try body(PostgresUserStore(PostgresCommit(session, deadline: deadline), retention: retention))
        }
    }

    /// Runs `body` on the connection. If it meets another transaction, or the answer to its commit was lost, it is run again.
    private func use<Value: Sendable>(
        _ chosen: PostgresPool? = nil,
        _ body: @escaping @Sendable (PostgresSession, ContinuousClock.Instant) throws -> Value
    ) async throws(DirectoryError) -> Value {
        let deadline = ContinuousClock.now + .seconds(options.patience)
        var tries = 0
        while true {
            do {
                // In a task of its own: cancelling the caller's cannot tear a commit apart.
                return try await Task { [pool] in
                    try await (chosen ?? pool).use(deadline: deadline) { session in try body(session, deadline) }.get()
                }.value
            } catch let error as PostgresError where Self.isWorthAnother(error) && tries < 5 {
                tries += 1
            } catch {
                throw DirectoryError(error)
            }
        }
    }

    private static func isWorthAnother(_ error: PostgresError) -> Bool {
        error.kind == .retryable || error.kind == .unknownOutcome || error.isOfPreparation
    }
}
