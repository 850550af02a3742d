import SQLiteSupport
import ServiceSupport
package import SyncModel
import Synchronization
package import UserDirectory

/// The CRM's users in an SQLite file, by default the embedded `crm.sqlite`.
///
/// One connection writes, on its own queue: calls wait for one another there, off Swift's thread pool. They run to their end
/// without suspending, so that cancelling the caller's task cannot tear a commit apart. Other processes may use the file (it is
/// the CRM's): if one holds a lock for longer than the busy timeout, that is an outage.
package actor SQLiteUserDirectory: UserDirectory {
    private let emailScope: EmailScope
    private let clock: WallClock
    private let options: Options
    private let reader: UsersReader
    /// Previews take their time with many users; quick questions do not wait for them.
    private let previews: UsersReader
    private let file: DirectoryFile
    private let executor = SerialQueueExecutor(label: "usersync.directory.calls")
    /// Calls running or waiting; a commit of many batches closes early for the others.
    nonisolated let line = PendingCalls()
    private nonisolated let commitSize = Atomic(FileScale.small.batchesPerCommit)
    private let ways: LastPassWays
    private let logTrouble: SyncLogTrouble

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Does not open the file: `prepare` does, and must be repeated until it succeeds.
    /// - Parameters:
    ///   - path: the database file; its directory must exist.
    ///   - warn: called with what the operator should know, once each.
    package init(
        path: String, emailScope: EmailScope, clock: WallClock, options: Options = Options(),
        warn: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.emailScope = emailScope
        self.clock = clock
        self.options = options
        let ways = LastPassWays()
        self.ways = ways
        logTrouble = SyncLogTrouble(seconds: options.logPause)
        reader = UsersReader(path: path)
        previews = UsersReader(path: path)
        file = DirectoryFile(path: path, scope: emailScope, options: options, warn: warn, onReopen: { ways.forgetAll() })
    }

    package nonisolated var batchesPerCommit: Int { commitSize.load(ordering: .relaxed) }

    package func prepare() throws(DirectoryError) {
        defer { noteScale() }
        try file.prepare()
    }

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
        return try grow { try applier($0).apply(Array(batches.prefix($1)), closeEarly: closeEarly) }
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
            SQLiteUserStore(statements, retention: options.retentionDays * 86_400, logTrouble: logTrouble), scope: emailScope,
            clock: clock, ways: ways, lastPassSteps: options.lastPassSteps)
    }

    private func tombstoneNow(_ job: JobID, batches: [Int]) throws(DirectoryError) -> [Int: BatchApplied] {
        ways.forget(job)
        return try write { statements in
            try Transaction.immediate(on: statements.connection) {
                let ledger = SQLiteLedger(statements: statements)
                var standing: [Int: BatchApplied] = [:]
                for batch in batches {
                    if let applied = try ledger.findOrClear(job, batch) {
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
        try write { try SQLiteWaitingUsers(statements: $0).settledAhead(of: job) }
    }

    private func logNow(_ jobs: [SyncLogEntry]) throws(DirectoryError) {
        if let refusal = logTrouble.standing { throw Self.logRefused(refusal) }
        let refusal: String? = try write { statements in
            do {
                try Transaction.immediate(on: statements.connection) {
                    let table = SyncLogTable(statements: statements, trouble: logTrouble)
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
        if logTrouble.hasMet { file.reopen() }
        throw Self.logRefused(refusal)
    }

    private static func logRefused(_ refusal: String) -> DirectoryError {
        .transient("The table sync_logs refuses a row. SQLite says: \(refusal)")
    }

    private struct LogRefusal: Error {
        var said: String
    }

    package func forget(_ jobs: [JobID]) throws(DirectoryError) {
        let (retention, now) = (options.retentionDays * 86_400, clock.now())
        try write { statements in
            try Transaction.immediate(on: statements.connection) {
                for job in jobs { try SQLiteLedger(statements: statements).forget(job) }
                try SQLiteEarlyRemovals(statements: statements, retention: retention).forgetOld(at: now)
            }
        }
    }

    package nonisolated func hasUsers(of tenantID: TenantID) async throws(DirectoryError) -> Bool {
        try await reader.hasUsers(of: tenantID)
    }

    package nonisolated func previewMerge(
        of tenantID: TenantID, into target: TenantID
    ) async throws(DirectoryError) -> UserMerge {
        guard tenantID != target else { return UserMerge() }
        return try await previews.previewMerge(
            of: tenantID, into: target, scope: emailScope, now: clock.now(), retention: options.retentionDays * 86_400)
    }

    package nonisolated func merge(
        _ tenantID: TenantID, into target: TenantID, now: Timestamp
    ) async throws(DirectoryError) -> UserMerge {
        guard tenantID != target else { return UserMerge() }
        line.enter()
        defer { line.leave() }
        return try await mergeNow(tenantID, into: target, now: now)
    }

    private func mergeNow(
        _ tenantID: TenantID, into target: TenantID, now: Timestamp
    ) throws(DirectoryError) -> UserMerge {
        ways.forgetAll()
        let (scope, retention) = (emailScope, options.retentionDays * 86_400)
        defer { noteScale() }
        return try file.growOnce { statements in
            let plan = MergePlan(
                statements.connection, tenantID, into: target, scope: scope, now: now, retention: retention)
            return try UserMerger(plan: plan, statements: statements).run()
        }
    }

    /// Expects room for a commit of users, and commits a row and its removal: a full disk or a file turned read-only shows only on a
    /// write. Also checks that the table of users is readable, and that users can be created and changed as far as compiling that
    /// tells: a trigger may name a table that is not there. What only the work itself would meet stays unknown.
    package func probe() throws(DirectoryError) {
        try file.expectRoom()
        try write { statements in
            try Transaction.immediate(on: statements.connection) {
                _ = try statements(UserSQL.anyUser).found()
                for sql in UserSQL.writes { _ = try SQLStatement(statements.connection, sql) }
                try statements("INSERT OR REPLACE INTO usersync_ledger (job_id, batch) VALUES ('probe', 0)").run()
                try statements("DELETE FROM usersync_ledger WHERE job_id = 'probe'").run()
            }
        }
    }

    package func checkpoint() {
        defer { noteScale() }
        file.checkpoint()
    }

    package func close() { file.close() }

    private func write<Result>(_ body: (UserStatements) throws -> Result) throws(DirectoryError) -> Result {
        defer { noteScale() }
        return try file.write(body)
    }

    private func grow<Result>(_ body: (UserStatements, Int) throws -> Result) throws(DirectoryError) -> Result {
        defer { noteScale() }
        return try file.grow(body)
    }

    /// The number of batches per commit follows the file's size, and the room on its disk.
    private func noteScale() { commitSize.store(file.batchesPerCommit, ordering: .relaxed) }
}
