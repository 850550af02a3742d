import GRDBSQLite
import SQLiteSupport
import SyncModel
import UserDirectory

/// Writes the rows of persons that both tenants have, and of those who have been removed.
struct MergedPersons {
    let plan: MergePlan

    /// - Parameters:
    ///   - count: of persons.
    ///   - row: of the tenant; `nil` for all of them.
    func join(_ count: Int, only row: Int64? = nil) throws(SQLiteFailure) {
        guard count > 0 else { return }
        let one = row != nil
        let (given, emails) = (
            try number(MergeSteps.countGiven(one: one), row), try number(MergeSteps.countEmails(one: one), row)
        )
        try change(MergeSteps.freeEmail(one: one), row, emails)
        for (column, name) in [("kinde_user_id", "kinde"), ("wrapper_user_id", "wrapper")] {
            guard try plan.statement(MergeSteps.standsOnce(column)).found() else { continue }
            try change(MergeSteps.freeID(column, name, one: one), row, nil)
        }
        try change(MergeSteps.give(one: one), row, given)
        try change(MergeSteps.giveEmailBack(one: one), row, emails)
        try change(MergeSteps.bringNews(one: one), row, try number(MergeSteps.countNews(one: one), row))
        try change(MergeSteps.leaveBehind(one: one), row, count)
        if !one { try plan.run(MergeSteps.noteLeftBehind) }
    }

    /// - Parameter count: how many rows it has to change; `nil` for any number.
    private func change(_ sql: String, _ row: Int64?, _ count: Int?) throws(SQLiteFailure) {
        let statement = try plan.statement(sql)
        if let row { statement.bind(MergeSQL.row, row) }
        try statement.run()
        if let count { try plan.expectChanges(count) }
    }

    private func number(_ sql: String, _ row: Int64?) throws(SQLiteFailure) -> Int {
        let select = try plan.statement(sql)
        if let row { select.bind(MergeSQL.row, row) }
        guard try select.step() else { return 0 }
        defer { select.reset() }
        return Int(select.int64(0))
    }

    /// Deactivates who has been removed.
    func obeyRemovals() throws(SQLiteFailure) {
        var last = Int64.min
        while let (row, moment) = try plan.next(MergeSteps.nextRemoved, after: last) {
            try obeyRemoval(of: row, at: moment)
            last = row
        }
    }

    func obeyRemoval(of row: Int64, at moment: Int64) throws(SQLiteFailure) {
        let update = try plan.statement(MergeSteps.obeyRemoval)
        update.bind(MergeSQL.row, row)
        update.bind(MergeSteps.removalMoment, copying: Timestamp(microseconds: moment).iso8601)
        try update.run()
        try plan.expectChanges(1)
    }
}

extension MergePlan {
    /// The next row of the notes: its id and a number. No statement stays open, which a rollback to a savepoint would end.
    func next(_ sql: String, after row: Int64) throws(SQLiteFailure) -> (row: Int64, number: Int64)? {
        let select = try statement(sql)
        select.bind(MergeSQL.row, row)
        guard try select.step() else { return nil }
        defer { select.reset() }
        return (select.int64(0), select.int64(1))
    }

    /// - Throws: a refusal, if the last statement changed another number of rows: a trigger ignored some of them.
    func expectChanges(_ count: Int) throws(SQLiteFailure) {
        guard Int(sqlite3_changes(connection)) != count else { return }
        throw SQLiteFailure(code: SQLITE_CONSTRAINT, message: RefusalDetail.ignored)
    }
}
