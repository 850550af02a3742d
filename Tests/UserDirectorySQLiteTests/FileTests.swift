import Foundation
import GRDB
import SyncModel
import Synchronization
import Testing
import UserDirectory
import TestSupport
import UserDirectoryConformance

@testable import UserDirectorySQLite

@Suite("The file of the SQLite directory")
struct FileTests {
    private func size(_ path: String) -> Int {
        ((try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int) ?? 0
    }

    private func users(_ number: Int) -> BatchWork {
        BatchWork(
            number: number, firstIndex: UInt32(number * 50),
            (0..<50).map { TestUser("u\(number).\($0)", "u\(number).\($0)@x.example") })
    }

    @Test("a new file, its log and its shared memory are for their owner alone; a CRM's file keeps its mode")
    func modes() async throws {
        let it = try SQLiteFixture()
        try await it.directory.prepare()
        for suffix in ["", "-wal", "-shm"] {
            let mode = try FileManager.default.attributesOfItem(atPath: it.path + suffix)[.posixPermissions] as? Int
            #expect(mode == 0o600, "\(suffix)")
        }
        let crm = try SQLiteFixture(sql: CRMTables.guide.sql)
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: crm.path)
        try await crm.directory.prepare()
        #expect(try FileManager.default.attributesOfItem(atPath: crm.path)[.posixPermissions] as? Int == 0o640)
    }

    /// The operator replaces a damaged file: removes it, then puts a good one in its place. Between the two nothing is created,
    /// for what was applied to it would be lost.
    @Test(
        "a file that was there at the first look is never made anew, even if it could not be opened", arguments: ["", "removed"])
    func neverAnew(_ way: String) async throws {
        let good = try SQLiteFixture()
        try await good.apply(users(1))
        await good.directory.checkpoint()
        let it = try SQLiteFixture()
        try Data(repeating: 0x5A, count: 20_000).write(to: URL(filePath: it.path))
        await #expect(throws: DirectoryError.self) { try await it.apply(users(2)) }
        if way == "removed" {
            try FileManager.default.removeItem(atPath: it.path)
        } else {
            try Data().write(to: URL(filePath: it.path))
        }
        await #expect(
            throws: DirectoryError.unavailable(
                "The directory's file was moved, removed or emptied: put it back, or restart to begin with a new one")
        ) { try await it.apply(users(2)) }
        #expect(FileManager.default.fileExists(atPath: it.path) == (way == ""))
        #expect(size(it.path) == 0)
        try Data(contentsOf: URL(filePath: good.path)).write(to: URL(filePath: it.path))
        try await it.apply(users(2))
        #expect(try it.rows("users").count == 100)
    }

    @Test("a file that came after the first look is never made anew either")
    func neverAnewLater() async throws {
        let it = try SQLiteFixture()
        let path = it.folder.appendingPathComponent("later/crm.sqlite").path
        let directory = SQLiteUserDirectory(path: path, emailScope: .global, clock: it.clock.wallClock)
        await #expect(throws: DirectoryError.self) { try await directory.probe() }
        try FileManager.default.createDirectory(atPath: it.folder.path + "/later", withIntermediateDirectories: false)
        try Data(repeating: 0x5A, count: 20_000).write(to: URL(filePath: path))
        await #expect(throws: DirectoryError.self) { try await directory.probe() }
        try FileManager.default.removeItem(atPath: path)
        await #expect(throws: DirectoryError.self) { try await directory.probe() }
        #expect(!FileManager.default.fileExists(atPath: path))
        await directory.close()
    }

    @Test("an empty file that is there at the first look gets its tables, and does so again after a failure")
    func emptyAtFirst() async throws {
        let it = try SQLiteFixture()
        try Data().write(to: URL(filePath: it.path))
        try await it.apply(users(1))
        #expect(try it.rows("users").count == 50)
    }

    @Test("every pragma is set: what is acknowledged is on disk, and this connection alone checkpoints")
    func pragmas() throws {
        let it = try SQLiteFixture()
        let connection = try DirectoryConnection(path: it.path, options: .init())
        let read = try connection.withDatabase { db in
            try [
                "journal_mode", "synchronous", "cache_size", "wal_autocheckpoint", "foreign_keys", "busy_timeout",
                "legacy_alter_table",
            ]
            .map { try String.fetchOne(db, sql: "PRAGMA \($0)") ?? "" }
        }
        #expect(read == ["wal", "2", "-16384", "0", "1", "2000", "0"])
        connection.close()
    }

    @Test("foreign keys are on again after a table was made anew")
    func pragmasAfterRebuild() throws {
        let it = try SQLiteFixture(sql: CRMTables.all[4].sql)
        let connection = try DirectoryConnection(path: it.path, options: .init())
        let read = try connection.withDatabase { db in
            _ = try SchemaUpgrade(db: db, scope: .tenant).run()
            return try ["foreign_keys", "legacy_alter_table"].map { try String.fetchOne(db, sql: "PRAGMA \($0)") ?? "" }
        }
        #expect(read == ["1", "0"])
        connection.close()
    }

    @Test("the log grows until its bound, then it is written back and used again")
    func bound() async throws {
        let bounded = try SQLiteFixture(options: .init(walPageLimit: 100))
        let free = try SQLiteFixture()
        for it in [bounded, free] {
            try await it.directory.prepare()
            for number in 0..<40 { try await it.apply(users(number)) }
        }
        let page = 4120
        #expect(size(bounded.path + "-wal") < 250 * page)
        #expect(size(free.path + "-wal") > 400 * page)
        #expect(size(bounded.path) > 30 * 4096 && size(free.path) <= 4096)
        #expect(try bounded.rows("users").count == 2_000 && free.rows("users").count == 2_000)
    }

    @Test("a quiet moment empties the log; a reader in the middle of something is not waited for")
    func quiet() async throws {
        let it = try SQLiteFixture()
        try await it.directory.prepare()
        try await it.apply(users(0))
        #expect(size(it.path + "-wal") > 0)
        await it.directory.checkpoint()
        #expect(size(it.path + "-wal") == 0)

        try await it.apply(users(1))
        let reader = try it.connection()
        try await reader.writeWithoutTransaction { db in
            try db.execute(sql: "BEGIN")
            _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM users")
        }
        try await it.apply(users(2))
        await it.directory.checkpoint()
        #expect(size(it.path + "-wal") > 0)
        try await it.apply(users(3))
        try await reader.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        await it.directory.checkpoint()
        #expect(size(it.path + "-wal") == 0)
        #expect(try it.rows("users").count == 200)
    }

    @Test("a bulk's commit closes at its next batch boundary for who waits for the one connection, one of small jobs does not")
    func givesWay() async throws {
        for isBulk in [true, false] {
            let it = try SQLiteFixture()
            let directory = try #require(it.directory as? SQLiteUserDirectory)
            let batches = (0..<3).map { number in
                var batch = users(number)
                batch.isWholeJob = !isBulk
                return batch
            }
            let other = Mutex<Task<[BatchApplied], any Error>?>(nil)
            let done = try await directory.apply(batches) {
                other.withLock { other in
                    other = other ?? Task { try await directory.apply([users(9)], closeEarly: { false }) }
                }
                // Its thread is the directory's own: nobody else is kept from running.
                while !directory.line.isAnybodyWaiting { usleep(100) }
                return false
            }
            #expect(done.map(\.number) == (isBulk ? [0] : [0, 1, 2]))
            let waited = try #require(other.withLock { $0 })
            #expect(try await waited.value.count == 1)
        }
    }

    @Test("a version of SQLite that can lose commits is warned of, once")
    func oldVersion() async throws {
        let it = try SQLiteFixture()
        try await it.directory.prepare()
        try await it.directory.prepare()
        #expect(it.warnings.all.count == (Database.sqliteLibVersionNumber < 3_051_003 ? 1 : 0))
    }

    @Test("the hot statements find their rows by an index", arguments: EmailScope.allCases, [nil] + CRMTables.all)
    func queryPlans(scope: EmailScope, tables: CRMTables?) async throws {
        let it = try SQLiteFixture(scope: scope, sql: tables?.sql)
        try await it.directory.prepare()
        try it.execute("INSERT INTO users (email, name, tenant_id) VALUES ('Mixed@x.example', 'M', 't1')")
        for number in 0..<4 { try await it.apply(users(number)) }
        for hasStatistics in [false, true] {
            if hasStatistics { try it.execute("ANALYZE") }
            for sql in [
                UserSQL.byWrapperID, UserSQL.byEmail, UserSQL.byRow, UserSQL.byMixedCaseEmail, UserSQL.emailElsewhere,
                UserSQL.mixedCaseEmailElsewhere, UserSQL.removalByWrapperID, UserSQL.deactivate, UserSQL.moveEmail,
                UserSQL.update([FieldSet(.name), FieldSet(.email)]),
            ] {
                let plan = try plan(of: sql, it)
                #expect(plan.allSatisfy { $0.hasPrefix("SEARCH") || $0.hasPrefix("USE TEMP B-TREE") }, "\(sql): \(plan)")
                #expect(!plan.isEmpty)
            }
            for sql in [
                SQLiteWaitingUsers.sharerBefore, SQLiteWaitingUsers.openCarrier, SQLiteWaitingUsers.keepingCarrier,
                SQLiteWaitingUsers.keepingAll,
            ] {
                let plan = try plan(of: sql, it).filter { $0.contains("usersync_waiting") }
                #expect(!plan.isEmpty)
                #expect(
                    plan.allSatisfy { step in
                        ["email", "wrapper_user_id", "kinde_user_id", "row_id"].contains {
                            step.contains("(job_id=? AND \($0)=?")
                        }
                    }, "\(plan)")
            }
            for sql in [UserSQL.byKindeID(index: KindeIDs.indexName), UserSQL.removalByKindeID(index: KindeIDs.indexName)] {
                let plan = try plan(of: sql, it).filter { $0.hasPrefix("SEARCH") || $0.hasPrefix("SCAN") }
                #expect(
                    plan.allSatisfy { $0.contains("idx_users_kinde_user_id (kinde_user_id=? AND tenant_id=?") } && !plan.isEmpty,
                    "\(plan)")
            }
            #expect(try plan(of: UserSQL.byWrapperID, it)[0].contains("idx_users_tenant_id (tenant_id=? AND wrapper_user_id=?)"))
            #expect(try plan(of: UserSQL.byEmail, it)[0].contains(scope == .tenant ? "(email=? AND tenant_id=?)" : "(email=?)"))
            #expect(try plan(of: UserSQL.mixedCaseExists, it)[0].contains("idx_users_email_lower"))
        }
    }

    private func plan(of sql: String, _ it: SQLiteFixture) throws -> [String] {
        try it.outside { db in
            let statement = try db.makeStatement(sql: "EXPLAIN QUERY PLAN \(sql)")
            statement.setUncheckedArguments([])
            return try Row.fetchAll(statement).map { ($0["detail"] as String).replacing("Email", with: "email") }
        }
    }

    @Test("commits span more batches once the file is large, also where it grows while it is open")
    func scale() async throws {
        let it = try SQLiteFixture()
        try await it.directory.prepare()
        #expect(it.directory.batchesPerCommit == 100)
        try it.execute("CREATE TABLE ballast (bytes BLOB); INSERT INTO ballast VALUES (zeroblob(130 << 20))")
        await it.directory.checkpoint()
        #expect(it.directory.batchesPerCommit == 300)
        let next = SQLiteUserDirectory(path: it.path, emailScope: .global, clock: it.clock.wallClock)
        try await next.prepare()
        #expect(next.batchesPerCommit == 300)
        try it.execute("DROP TABLE ballast")
        try it.execute("VACUUM")
        await next.checkpoint()
        #expect(next.batchesPerCommit == 100)
        await next.close()
    }
}
