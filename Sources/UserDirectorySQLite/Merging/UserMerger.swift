import GRDBSQLite
import SQLiteSupport
import SyncModel
import UserDirectory

/// Makes the users of one tenant those of another, in one transaction: all or nothing.
struct UserMerger {
    let plan: MergePlan
    let statements: UserStatements

    /// The database refuses a row, or a trigger ignored the change of one.
    private struct Refused: Error {
        var failure: SQLiteFailure
    }

    /// - Throws: `SQLiteFailure`; then nothing is changed.
    func run() throws -> UserMerge {
        do {
            return try carryOut()
        } catch let refused as Refused {
            let found = try RefusedRows(plan: plan).find()
            // It was refused for something else, which may have passed.
            guard found.conflicts > 0 else { throw Self.refusal(refused.failure, "users") }
            return found
        }
    }

    private func carryOut() throws -> UserMerge {
        try Transaction.execute("BEGIN IMMEDIATE", on: plan.connection)
        do {
            let hasTriggers = try statements(UserSQL.triggers).found()
            let merge = try plan.make(hasMixedCase: MixedCaseIndex.findsRows(statements, hasTriggers: hasTriggers))
            guard merge.conflicts == 0 else {
                Transaction.rollback(on: plan.connection)
                return merge
            }
            do { try changeUsers(as: merge) } catch { throw error.refusesOneUser ? Refused(failure: error) : error }
            do { try changeTheRest() } catch { throw SyncLogTable.isRefusal(error) ? Self.refusal(error, "sync_logs") : error }
            try plan.forget()
            try Transaction.execute("COMMIT", on: plan.connection)
            return merge
        } catch {
            Transaction.rollback(on: plan.connection)
            throw error
        }
    }

    /// SQLite's own messages name tables and columns; a trigger of the CRM's may say anything.
    private static func refusal(_ failure: SQLiteFailure, _ table: String) -> DirectoryError {
        .transient("The table \(table) refuses the merge. SQLite says: \(failure.message)")
    }

    private func changeUsers(as merge: UserMerge) throws(SQLiteFailure) {
        try plan.run(MergeSteps.move(one: false))
        try plan.expectChanges(merge.moved)
        try MergedPersons(plan: plan).join(merge.joined)
        try MergedPersons(plan: plan).obeyRemovals()
        guard Transaction.hasBrokenForeignKeys(on: plan.connection) else { return }
        throw SQLiteFailure(code: SQLITE_CONSTRAINT, message: "FOREIGN KEY constraint failed")
    }

    private func changeTheRest() throws(SQLiteFailure) {
        try plan.run(MergeSteps.moveRemovals)
        try plan.run(MergeSteps.forgetRemovals)
        if try plan.statement(MergeSteps.hasLog).found() { try plan.run(MergeSteps.moveLog) }
    }
}
