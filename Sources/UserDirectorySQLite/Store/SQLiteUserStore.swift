import SQLiteSupport
import UserDirectory

/// The directory's tables on its only writing connection, as the rules see them.
final class SQLiteUserStore: UserStore {
    let rows: any UserRows
    let waiting: any WaitingUsers
    let removals: any EarlyRemovals
    let ledger: any BatchLedger
    let jobLog: any JobLogTable
    private let statements: UserStatements

    /// - Parameter retention: how long an early removal is remembered, in seconds.
    init(_ statements: UserStatements, retention: Double, logTrouble: SyncLogTrouble) {
        self.statements = statements
        rows = SQLiteUserRows(statements)
        waiting = SQLiteWaitingUsers(statements: statements)
        removals = SQLiteEarlyRemovals(statements: statements, retention: retention)
        ledger = SQLiteLedger(statements: statements)
        jobLog = SyncLogTable(statements: statements, trouble: logTrouble)
    }

    func begin(_ batches: ArraySlice<BatchWork>) throws {
        try Transaction.execute("BEGIN IMMEDIATE", on: statements.connection)
    }

    func commit() throws { try Transaction.execute("COMMIT", on: statements.connection) }

    func rollBack() { Transaction.rollback(on: statements.connection) }

    var isOver: Bool { Transaction.isOver(on: statements.connection) }
    var isBroken: Bool { Transaction.hasBrokenForeignKeys(on: statements.connection) }

    func savepoint<Value>(_ body: () throws -> Value) throws -> Value {
        try statements("SAVEPOINT usersync_user").run()
        do {
            let value = try body()
            if isBroken { throw SQLiteFailure.brokenForeignKey }
            try statements("RELEASE usersync_user").run()
            return value
        } catch let failure as any StoreFailure where failure.refusesOneUser && !isOver {
            try statements("ROLLBACK TO usersync_user").run()
            try statements("RELEASE usersync_user").run()
            throw failure
        }
    }
}
