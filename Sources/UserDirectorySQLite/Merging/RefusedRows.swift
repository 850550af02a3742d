import GRDBSQLite
import SQLiteSupport
import SyncModel
import UserDirectory

/// Finds the rows that the database refuses to have merged: carries the merge out row by row, each in a savepoint, and undoes all of it.
struct RefusedRows {
    let plan: MergePlan

    private static let moves = "temp.usersync_merge_moves"
    private static let noteMoves = """
        INSERT INTO \(moves) SELECT a.id FROM \(MergeSQL.tenantsUsers) WHERE \(MergeSQL.isTenantsUser)
        AND NOT EXISTS (SELECT 1 FROM \(MergeTables.pairs) AS p WHERE p.a = a.id)
        """
    private static let nextMove = "SELECT a, 0 FROM \(moves) WHERE a > ?\(MergeSQL.row) ORDER BY a LIMIT 1"
    private static let nextPair = "SELECT a, t FROM \(MergeTables.pairs) WHERE a > ?\(MergeSQL.row) ORDER BY a LIMIT 1"
    private static let selectRow = """
        SELECT a.id, \(MergeSQL.platformID("a")), \(MergeSQL.anyKindeID("a")) FROM users AS a WHERE a.id = ?\(MergeSQL.row)
        """

    func find() throws(SQLiteFailure) -> UserMerge {
        try Transaction.execute("BEGIN IMMEDIATE", on: plan.connection)
        defer { Transaction.rollback(on: plan.connection) }
        var merge = try plan.make()
        guard merge.conflicts == 0 else { return merge }
        try tryMoves(&merge)
        try tryJoins(&merge)
        try tryRemovals(&merge)
        return merge
    }

    private func tryMoves(_ merge: inout UserMerge) throws(SQLiteFailure) {
        for sql in ["CREATE TABLE \(Self.moves) (a INTEGER PRIMARY KEY)", Self.noteMoves] { try plan.run(sql) }
        try forEach(Self.nextMove, &merge) { row, _, merge throws(SQLiteFailure) in
            let refuses = try isRefused { () throws(SQLiteFailure) in
                let move = try plan.statement(MergeSteps.move(one: true))
                move.bind(MergeSQL.row, row)
                try move.run()
                try plan.expectChanges(1)
            }
            guard refuses else { return }
            merge.moved -= 1
            try note(row, nil, &merge)
        }
    }

    private func tryJoins(_ merge: inout UserMerge) throws(SQLiteFailure) {
        try forEach(Self.nextPair, &merge) { row, other, merge throws(SQLiteFailure) in
            guard try isRefused({ () throws(SQLiteFailure) in try MergedPersons(plan: plan).join(1, only: row) }) else { return }
            merge.joined -= 1
            try note(row, other, &merge)
        }
    }

    private func tryRemovals(_ merge: inout UserMerge) throws(SQLiteFailure) {
        guard merge.conflicts == 0 else { return }
        try forEach(MergeSteps.nextRemoved, &merge) { row, moment, merge throws(SQLiteFailure) in
            let refuses = try isRefused { () throws(SQLiteFailure) in
                try MergedPersons(plan: plan).obeyRemoval(of: row, at: moment)
            }
            if refuses { try note(row, nil, &merge) }
        }
    }

    /// Goes through rows of the notes, as long as no trigger's `RAISE(ROLLBACK)` has ended the transaction, and the notes with it.
    private func forEach(
        _ sql: String, _ merge: inout UserMerge, _ body: (Int64, Int64, inout UserMerge) throws(SQLiteFailure) -> Void
    ) throws(SQLiteFailure) {
        var last = Int64.min
        while !Transaction.isOver(on: plan.connection), let (row, number) = try plan.next(sql, after: last) {
            try body(row, number, &merge)
            last = row
        }
    }

    /// Whether the database refuses what `body` does; then that is undone.
    private func isRefused(_ body: () throws(SQLiteFailure) -> Void) throws(SQLiteFailure) -> Bool {
        try plan.run("SAVEPOINT usersync_row")
        do throws(SQLiteFailure) {
            try body()
            let isBroken = Transaction.hasBrokenForeignKeys(on: plan.connection)
            if isBroken { try plan.run("ROLLBACK TO usersync_row") }
            try plan.run("RELEASE usersync_row")
            return isBroken
        } catch  where error.refusesOneUser {
            guard !Transaction.isOver(on: plan.connection) else { return true }
            try plan.run("ROLLBACK TO usersync_row")
            try plan.run("RELEASE usersync_row")
            return true
        }
    }

    private func note(_ row: Int64, _ other: Int64?, _ merge: inout UserMerge) throws(SQLiteFailure) {
        merge.conflicts += 1
        guard merge.firstConflicts.count < UserMerge.listed else { return }
        var known: UserMerge.Row?
        if let other { known = try self.row(other) }
        merge.firstConflicts.append(UserMerge.Conflict(.refusedByDatabase, user: try self.row(row), other: known))
    }

    private func row(_ id: Int64) throws(SQLiteFailure) -> UserMerge.Row {
        let select = try plan.statement(Self.selectRow)
        select.bind(MergeSQL.row, id)
        guard try select.step() else { return UserMerge.Row(crmUserID: id) }
        defer { select.reset() }
        return MergePlan.row(select, at: 0)
    }
}
