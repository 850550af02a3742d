import GRDB
import GRDBSQLite
import SQLiteSupport
package import SyncModel
import Synchronization
package import UserDirectory

/// The CRM's users in an SQLite file, by default the embedded `crm.sqlite`.
///
/// One connection writes, on its own queue: calls wait for one another there, off Swift's thread pool. They run to their end
/// without suspending, so that cancelling the caller's task cannot tear a commit apart. Other processes may use the file (it is
/// the CRM's): if one holds a lock for longer than the busy timeout, that is an outage.
package actor SQLiteUserDirectory: UserDirectory {
    /// Tuning that rarely needs changing.
    package struct Options: Sendable {
        /// Seconds to wait for another process's lock.
        package var busyTimeout: Double
        /// Pages of the write-ahead log from which a commit is followed by a checkpoint (48,000 of 4 KiB: 190 MiB). Measured
        /// beside a bulk of 300,000 users: it takes 160 ms with four times as many, 75 ms with these, 50 ms with a third, which
        /// costs a tenth of the bulk's rate; a million users take no longer with these.
        package var walPageLimit: Int
        /// Page cache of the connection in KiB; `nil` for what suits the file's size (`FileScale`).
        package var cacheKiB: Int?
        /// `RETENTION_DAYS`: how long a removal of an unknown id is remembered.
        package var retentionDays: Double
        /// Steps beyond its own batches that a commit may take in last passes (`LastPassAllowance`).
        package var lastPassSteps = 10_000

        package init(busyTimeout: Double = 2, walPageLimit: Int = 48_000, cacheKiB: Int? = nil, retentionDays: Double = 7) {
            self.busyTimeout = busyTimeout
            self.walPageLimit = walPageLimit
            self.cacheKiB = cacheKiB
            self.retentionDays = retentionDays
        }
    }

    private enum State {
        case unopened
        case open(DirectoryConnection)
        case closed
    }

    private let path: String
    private let emailScope: EmailScope
    private let clock: WallClock
    private let options: Options
    private let warn: @Sendable (String) -> Void
    private let executor = SerialQueueExecutor(label: "usersync.directory.calls")
    /// Calls running or waiting; a commit of many batches closes early for the others.
    nonisolated let line = CallLine()
    private nonisolated let commitSize = Atomic(FileScale.small.batchesPerCommit)
    private let ways = LastPassWays()
    private var state = State.unopened
    /// Whether a missing file may be created: only as long as none has been seen. `nil`: not looked yet.
    private var makesFile: Bool?
    private var hasWarned = false
    /// The last warning about a `sync_logs` that does not fit.
    private var logTrouble: String?

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Does not open the file: `prepare` does, and must be repeated until it succeeds.
    /// - Parameters:
    ///   - path: the database file; its directory must exist.
    ///   - warn: called with what the operator should know, once each.
    package init(
        path: String, emailScope: EmailScope, clock: WallClock, options: Options = Options(),
        warn: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.path = path
        self.emailScope = emailScope
        self.clock = clock
        self.options = options
        self.warn = warn
    }

    package nonisolated var batchesPerCommit: Int { commitSize.load(ordering: .relaxed) }

    package func prepare() throws(DirectoryError) { _ = try connection() }

    package nonisolated func apply(
        _ batches: [BatchWork], closeEarly: @escaping @Sendable () -> Bool
    ) async throws(DirectoryError) -> [BatchApplied] {
        line.enter()
        defer { line.leave() }
        // A bulk's commit gives way to any call that waits here; a commit of small jobs is short.
        let isBulk = batches.contains { !$0.isWholeJob }
        return try await applyNow(batches) { [line] in closeEarly() || isBulk && line.isAnybodyWaiting }
    }

    package nonisolated func tombstone(_ job: JobID, batches: [Int]) async throws(DirectoryError) -> [Int: BatchApplied] {
        line.enter()
        defer { line.leave() }
        return try await tombstoneNow(job, batches: batches)
    }

    package nonisolated func settledAhead(of job: JobID) async throws(DirectoryError) -> [AppliedUser] {
        line.enter()
        defer { line.leave() }
        return try await settledAheadNow(of: job)
    }

    package nonisolated func giveUp(_ batch: BatchWork, error: String) async throws(DirectoryError) -> BatchApplied {
        line.enter()
        defer { line.leave() }
        return try await giveUpNow(batch, error: error)
    }

    package nonisolated func log(_ jobs: [SyncLogEntry]) async throws(DirectoryError) {
        line.enter()
        defer { line.leave() }
        try await logNow(jobs)
    }

    private func applyNow(_ batches: [BatchWork], closeEarly: @escaping () -> Bool) throws(DirectoryError) -> [BatchApplied] {
        guard !batches.isEmpty else { return [] }
        return try write { try applier($0).apply(batches, closeEarly: closeEarly) }
    }

    private func giveUpNow(_ batch: BatchWork, error reason: String) throws(DirectoryError) -> BatchApplied {
        ways.forget(batch.jobID)
        do throws(DirectoryError) {
            return try write { try applier($0).giveUp(batch, error: reason, marksRows: true) }
        } catch {
            // What keeps the users from being applied may also keep their rows from being looked up.
            guard case .transient = error else { throw error }
            return try write { try applier($0).giveUp(batch, error: reason, marksRows: false) }
        }
    }

    private func applier(_ statements: UserStatements) -> BatchApplier {
        BatchApplier(
            statements: statements, scope: emailScope, retention: options.retentionDays * 86_400, clock: clock, ways: ways,
            lastPassSteps: options.lastPassSteps)
    }

    private func tombstoneNow(_ job: JobID, batches: [Int]) throws(DirectoryError) -> [Int: BatchApplied] {
        ways.forget(job)
        return try write { statements in
            try Transaction.immediate(on: statements.connection) {
                let ledger = Ledger(statements: statements)
                var standing: [Int: BatchApplied] = [:]
                for batch in batches {
                    if let applied = try ledger.find(job, batch) {
                        if !applied.isTombstone { standing[batch] = applied }
                    } else {
                        try ledger.record(BatchApplied(jobID: job, number: batch, users: [], isTombstone: true))
                    }
                }
                return standing
            }
        }
    }

    private func settledAheadNow(of job: JobID) throws(DirectoryError) -> [AppliedUser] {
        try write { try WaitingUsers(statements: $0).settledAhead(of: job) }
    }

    private func logNow(_ jobs: [SyncLogEntry]) throws(DirectoryError) {
        let refusal: String? = try write { statements in
            do {
                try Transaction.immediate(on: statements.connection) {
                    let table = SyncLogTable(statements: statements)
                    for job in jobs { if let refusal = try table.add(job) { throw LogRefusal(said: refusal) } }
                }
                return nil
            } catch let refusal as LogRefusal {
                return refusal.said
            } catch let failure as SQLiteFailure where SyncLogTable.isRefusal(failure) {
                return failure.message
            }
        }
        guard let refusal else { return }
        // The table may have been dropped or changed: the next call upgrades it again.
        reopen()
        throw .transient("The table sync_logs refuses a row. SQLite says: \(refusal)")
    }

    private struct LogRefusal: Error {
        var said: String
    }

    package func forget(_ jobs: [JobID]) throws(DirectoryError) {
        let (retention, now) = (options.retentionDays * 86_400, clock.now())
        try write { statements in
            try Transaction.immediate(on: statements.connection) {
                for job in jobs { try Ledger(statements: statements).forget(job) }
                try EarlyRemovals(statements: statements, retention: retention).forgetOld(at: now)
            }
        }
    }

    /// Commits a row and its removal: a full disk or a file turned read-only shows only on a write. Also checks that the table of
    /// users is readable: a directory in which every batch would fail is not available.
    package func probe() throws(DirectoryError) {
        try write { statements in
            try Transaction.immediate(on: statements.connection) {
                _ = try statements(UserSQL.anyUser).found()
                try statements("INSERT OR REPLACE INTO usersync_ledger (job_id, batch) VALUES ('probe', 0)").run()
                try statements("DELETE FROM usersync_ledger WHERE job_id = 'probe'").run()
            }
        }
    }

    package func checkpoint() {
        guard case .open(let connection) = state else { return }
        connection.checkpointWhenQuiet(busyTimeout: options.busyTimeout)
        fitScale(of: connection)
    }

    private func fitScale(of connection: DirectoryConnection) {
        commitSize.store(connection.fitScale().batchesPerCommit, ordering: .relaxed)
    }

    package func close() {
        if case .open(let connection) = state { connection.close() }
        state = .closed
    }

    // MARK: The connection

    private func write<Result>(_ body: (UserStatements) throws -> Result) throws(DirectoryError) -> Result {
        let connection = try connection()
        do {
            let result = try connection.withStatements { statements in
                try connection.expectInPlace(statements.connection)
                let result = try body(statements)
                // A commit into a file that has just been moved is lost: repeat it, in the file that is there by then.
                try connection.expectInPlace(statements.connection)
                return result
            }
            if connection.checkpointIfDue() { fitScale(of: connection) }
            return result
        } catch {
            // A damaged or missing file, or a changed table, may have been repaired: the next call reopens it.
            if let failure = error as? SQLiteFailure, failure.spoilsConnection || failure.tellsOfSchema {
                reopen()
            }
            throw DirectoryError(error)
        }
    }

    /// Makes the next call reopen the file, which may be another one by then.
    private func reopen() {
        if case .open(let connection) = state { connection.close() }
        state = .unopened
        ways.forgetAll()
    }

    /// The open connection, with its tables created or upgraded.
    private func connection() throws(DirectoryError) -> DirectoryConnection {
        switch state {
        case .open(let connection): return connection
        case .closed: throw .unavailable("The directory is closed")
        case .unopened: break
        }
        warnOfOldSQLite()
        do {
            // Never recreate a file that existed, even one that could not be opened: an empty one would hide the loss of everything
            // synced, and what is applied to it is lost once the file is put back.
            let makesFile = (self.makesFile ?? true) && DirectoryConnection.isFileMissing(path)
            self.makesFile = makesFile
            let connection = try DirectoryConnection(path: path, options: options, makesFile: makesFile)
            warnOfLog(try connection.fitTables(for: emailScope))
            fitScale(of: connection)
            state = .open(connection)
            self.makesFile = false
            return connection
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            throw .unusable("The directory's rows do not fit its tables. SQLite says: \(SQLiteFailure(error).message)")
        } catch {
            throw DirectoryError(error)
        }
    }

    /// Warns once per problem, as the file is reopened after every outage.
    private func warnOfLog(_ trouble: String?) {
        if let trouble, trouble != logTrouble { warn("sync_logs does not fit, so jobs end without their row there. \(trouble)") }
        logTrouble = trouble
    }

    private func warnOfOldSQLite() {
        guard !hasWarned, sqlite3_libversion_number() < 3_051_003 else { return }
        hasWarned = true
        warn(
            """
            SQLite \(String(cString: sqlite3_libversion())) can lose a commit when one connection checkpoints while another writes; \
            3.51.3 fixes that. usersync keeps to one connection; let no other process checkpoint this file
            """)
    }
}
