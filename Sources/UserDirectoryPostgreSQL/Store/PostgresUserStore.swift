import PostgreSQLSupport
import UserDirectory

/// The directory's tables on one connection, as the rules see them.
final class PostgresUserStore: UserStore {
    let rows: any UserRows
    let waiting: any WaitingUsers
    let removals: any EarlyRemovals
    let ledger: any BatchLedger
    let jobLog: any JobLogTable
    private let work: PostgresCommit

    /// - Parameter retention: how long an early removal is remembered, in seconds.
    init(_ commit: PostgresCommit, retention: Double) {
        work = commit
        rows = PostgresUserRows(commit)
        waiting = PostgresWaitingUsers(commit: commit)
        removals = PostgresEarlyRemovals(commit: commit, retention: retention)
        ledger = PostgresLedger(commit: commit)
        jobLog = PostgresJobLog(commit: commit)
    }

    func begin(_ batches: ArraySlice<BatchWork>) { work.begin() }

    func commit() throws { try work.commit() }

    func rollBack() { work.rollBack() }

    /// A trigger cannot end a transaction; whatever else does ends the connection, and with it everything.
    var isOver: Bool { false }
    /// The commit itself says so.
    var isBroken: Bool { false }

    func savepoint<Value>(_ body: () throws -> Value) throws -> Value {
        try work.run(.once("SAVEPOINT usersync_user"))
        do {
            let value = try body()
            // What is checked at the end only is checked now, while it is known who broke it.
            try work.run(.once("SET CONSTRAINTS ALL IMMEDIATE"), .once("RELEASE usersync_user"))
            return value
        } catch let failure as any StoreFailure where failure.refusesOneUser {
            try work.run(.once("ROLLBACK TO usersync_user"), .once("RELEASE usersync_user"))
            throw failure
        }
    }
}
