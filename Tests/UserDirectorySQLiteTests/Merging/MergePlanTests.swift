import GRDB
import SyncModel
import TestSupport
import Testing
import UserDirectory
import UserDirectoryConformance

@testable import UserDirectorySQLite

@Suite("How a merge looks for rows")
struct MergePlanTests {
    @Test("by indexes: nobody goes through other tenants' users", arguments: EmailScope.allCases)
    func plans(scope: EmailScope) async throws {
        let it = try SQLiteFixture(scope: scope)
        try await it.directory.prepare()
        try it.execute(
            """
            INSERT INTO users (email, name, tenant_id, wrapper_user_id, kinde_user_id)
            SELECT 'E' || value || '@x.example', 'N', iif(value < 3, 'a', 'o'), 'u' || value, 'kp_' || value FROM json_each('[\(
                (1...200).map(String.init).joined(separator: ","))]');
            INSERT INTO usersync_removals SELECT 'o', value, 1, 1 FROM json_each('[\((1...200).map(String.init).joined(separator: ","))]');
            """)
        for isAnalyzed in [false, true] {
            if isAnalyzed { try it.execute("ANALYZE") }
            await it.directory.checkpoint()
            try plansOfAll(it, scope)
        }
    }

    private func plansOfAll(_ it: SQLiteFixture, _ scope: EmailScope) throws {
        let index = KindeIDs.indexName
        let matching =
            PersonMatching.byIDs(kindeIndex: index) + [PersonMatching.byEmail, PersonMatching.byMixedCaseEmailWithoutIndex]
        let notes = [
            MergeNotes.given(scope), MergeNotes.countUsers, MergeNotes.countJoined, MergeNotes.countRemoved,
            MergeNotes.firstConflicts,
        ]
        let steps = [true, false].flatMap { one in
            [
                MergeSteps.move(one: one), MergeSteps.freeEmail(one: one), MergeSteps.freeID("kinde_user_id", "kinde", one: one),
                MergeSteps.give(one: one), MergeSteps.giveEmailBack(one: one), MergeSteps.bringNews(one: one),
                MergeSteps.countNews(one: one), MergeSteps.leaveBehind(one: one),
            ]
        }
        let rest = [MergeSteps.obeyRemoval, MergeSteps.moveRemovals, MergeSteps.forgetRemovals, MergeSteps.noteLeftBehind]
        try it.outside { db in
            let connection = try #require(db.sqliteConnection)
            try db.execute(sql: "\(MixedCaseIndex.create); BEGIN")
            let plan = MergePlan(connection, "a", into: "t", scope: scope, now: it.clock.now, retention: 60)
            _ = try plan.make()
            let all =
                matching + [PersonMatching.byMixedCaseEmail] + PersonMatching.conflicts + notes
                + (scope == .tenant ? PersonMatching.emailConflicts : [])
            for sql in all + MergeNotes.removed(kindeIndex: index) + steps + rest {
                let statement = try db.makeStatement(sql: "EXPLAIN QUERY PLAN \(sql)")
                statement.setUncheckedArguments([])
                let details = try Row.fetchAll(statement).map { $0["detail"] as String }
                #expect(!details.isEmpty || sql.hasPrefix("INSERT INTO usersync_merged"))
                for detail in details {
                    // The notes are gone through, and what the statement has just made of them.
                    let tables = ["a", "t", "users", "other", "r", "usersync_removals"]
                    let isOfTable = tables.contains { "\(detail) ".hasPrefix("SCAN \($0) ") }
                    let isOfNotes = detail.hasPrefix("SCAN r") && sql.contains("\(MergeTables.removed) AS r")
                    #expect(!isOfTable || isOfNotes, "\(detail) in \(sql)")
                    let goesThroughTenant = detail.contains("(tenant_id=?)")
                    #expect(
                        !goesThroughTenant || !sql.hasPrefix("UPDATE") || sql == MergeSteps.move(one: false),
                        "\(detail) in \(sql)")
                }
            }
            try db.execute(sql: "ROLLBACK")
        }
    }
}
