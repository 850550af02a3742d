import GRDB
import SyncModel
import TestSupport
import Testing
import UserDirectory
import UserDirectoryConformance

@Suite("Merges that an SQLite database refuses")
struct RefusedMergeTests {
    /// Two users of the tenant that move, one person that both have, and a third tenant.
    private static let rows = """
        INSERT INTO users (id, email, name, tenant_id, wrapper_user_id, kinde_user_id, is_active, last_synced_at) VALUES
          (1, 'a1@x.example', 'A', 'a', 'u1', NULL, 1, NULL), (2, 'a2@x.example', 'B', 'a', NULL, 'kp_2', 1, NULL),
          (3, 'Both@x.example', 'C', 'a', 'u3', 'kp_3', 0, '2025-08-19 10:00:30'), (4, 'both@x.example', 'D', 't', NULL, NULL, 1, NULL),
          (5, 't5@x.example', 'E', 't', 'u5', NULL, 1, NULL), (6, 'o6@x.example', 'F', 'o', 'u1', 'kp_3', 1, NULL);
        INSERT INTO usersync_removals VALUES ('a', 'u5', 1755598000000000, 1755598600000000);
        INSERT INTO sync_logs (tenant_id, operation, total_users) VALUES ('a', 'user_sync', 1), ('t', 'user_sync', 1);
        """

    private static let ids = "id || ifnull(wrapper_user_id, '-') || ifnull(kinde_user_id, '-')"

    private func fixture(_ sql: String = "", scope: EmailScope = .tenant, tables: String? = nil) async throws -> SQLiteFixture {
        let it = try SQLiteFixture(scope: scope, sql: tables)
        try await it.directory.prepare()
        try it.execute("DELETE FROM users; DELETE FROM sync_logs; \(Self.rows) \(sql)")
        return it
    }

    private func everything(_ it: SQLiteFixture) throws -> [[[String: String?]]] {
        try ["users", "usersync_removals", "usersync_merged", "sync_logs"].map { try it.rows($0) }
    }

    private func merge(_ it: SQLiteFixture) async throws -> UserMerge {
        try await it.directory.merge("a", into: "t", now: it.clock.now)
    }

    @Test("without a refusal all of it is done")
    func done() async throws {
        let it = try await fixture()
        let merge = try await merge(it)
        #expect((merge.moved, merge.joined, merge.deactivated, merge.removed, merge.conflicts) == (2, 1, 1, 1, 0))
        #expect(
            try it.column("SELECT \(Self.ids) || tenant_id || is_active FROM users ORDER BY id")
                == ["1u1-t1", "2-kp_2t1", "3u3kp_3a0", "4u3kp_3t0", "5u5-t0", "6u1kp_3o1"])
        #expect(try it.column("SELECT tenant_id FROM sync_logs") == ["t", "t"])
    }

    @Test(
        "a trigger that refuses a row is a conflict of that row, and nothing is changed, however it refuses",
        arguments: ["ABORT", "FAIL", "ROLLBACK", "IGNORE"])
    func trigger(raise: String) async throws {
        let how = raise == "IGNORE" ? "RAISE(IGNORE)" : "RAISE(\(raise), 'no')"
        for (row, condition) in [
            (2, "OF tenant_id ON users WHEN OLD.id = 2"), (3, "OF kinde_user_id ON users WHEN OLD.id = 4"),
            (3, "OF sync_time ON users WHEN OLD.id = 3"), (5, "OF is_active ON users WHEN OLD.id = 5"),
        ] {
            let it = try await fixture("CREATE TRIGGER crm BEFORE UPDATE \(condition) BEGIN SELECT \(how); END;")
            let before = try everything(it)
            let merge = try await merge(it)
            #expect(merge.conflicts == 1, "\(condition)")
            #expect(merge.firstConflicts.map(\.reason) == [.refusedByDatabase])
            #expect(merge.firstConflicts.first?.user.crmUserID == Int64(row))
            #expect(try everything(it) == before, "\(condition)")
            // Nothing is in the way of the next one.
            try it.execute("DROP TRIGGER crm")
            #expect(try await self.merge(it).conflicts == 0)
        }
    }

    @Test("the CRM's own bookkeeping by triggers is none of the merge's business")
    func bookkeeping() async throws {
        let it = try await fixture(
            """
            CREATE TABLE audit (what TEXT);
            CREATE TRIGGER crm AFTER UPDATE ON users BEGIN
              UPDATE users SET updated_at = 'touched' WHERE id = NEW.id; INSERT INTO audit VALUES (NEW.id); END;
            """)
        let preview = try await it.directory.previewMerge(of: "a", into: "t")
        #expect(try await merge(it) == preview && preview.conflicts == 0 && preview.moved == 2)
        #expect(try it.column("SELECT group_concat(DISTINCT updated_at) FROM users WHERE id < 6") == ["touched"])
        it.clock.advance()
        #expect(try await merge(it) == UserMerge())
    }

    @Test("all rows that are refused are named")
    func several() async throws {
        let it = try await fixture("CREATE TRIGGER crm BEFORE UPDATE OF tenant_id ON users BEGIN SELECT RAISE(ABORT, 'no'); END;")
        let merge = try await merge(it)
        #expect(merge.conflicts == 2 && merge.moved == 0 && merge.joined == 1)
        #expect(
            merge.firstConflicts.map(\.user) == [
                .init(crmUserID: 1, platformID: "u1"), .init(crmUserID: 2, kindeID: "kp_2"),
            ])
    }

    @Test("constraints of the CRM's: a tenant that it does not know, at once or at the commit")
    func foreignKey() async throws {
        for deferred in ["", "DEFERRABLE INITIALLY DEFERRED"] {
            let columns = CRMTables.columns.replacing(
                "tenant_id VARCHAR(255) NOT NULL", with: "tenant_id VARCHAR(255) NOT NULL REFERENCES tenants(id) \(deferred)")
            let it = try await fixture(
                tables: """
                    CREATE TABLE tenants (id TEXT PRIMARY KEY); INSERT INTO tenants VALUES ('a'), ('o');
                    CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL, \(columns)); \(CRMTables.logs)
                    """)
            let before = try everything(it)
            let merge = try await merge(it)
            #expect(merge.conflicts >= 2 && merge.firstConflicts.allSatisfy { $0.reason == .refusedByDatabase })
            #expect(try everything(it) == before)
            try it.execute("INSERT INTO tenants VALUES ('t')")
            #expect(try await self.merge(it).conflicts == 0)
        }
    }

    @Test("an id that may stand in one row only goes over to the target's")
    func idsThatStandOnce() async throws {
        let it = try await fixture(
            """
            DELETE FROM users WHERE id = 6;
            CREATE UNIQUE INDEX crm_kinde ON users(kinde_user_id) WHERE tenant_id <> 'o';
            CREATE UNIQUE INDEX crm_wrapper ON users(wrapper_user_id);
            """)
        #expect(try await merge(it).joined == 1)
        #expect(
            try it.column("SELECT \(Self.ids) FROM users WHERE id IN (3, 4) ORDER BY id")
                == ["3--", "4u3kp_3"])
        #expect(try await merge(it) == UserMerge())
    }

    @Test("what refuses last undoes all: the log, or the CRM's own bookkeeping")
    func last() async throws {
        for sql in [
            "CREATE TRIGGER crm BEFORE UPDATE ON sync_logs BEGIN SELECT RAISE(ABORT, 'no'); END;",
            "CREATE TRIGGER crm BEFORE UPDATE ON sync_logs BEGIN SELECT RAISE(ROLLBACK, 'no'); END;",
            "CREATE TRIGGER crm AFTER UPDATE ON sync_logs BEGIN INSERT INTO nowhere VALUES (1); END;",
        ] {
            let it = try await fixture(sql)
            let before = try everything(it)
            await #expect(throws: DirectoryError.self) { _ = try await merge(it) }
            #expect(try everything(it) == before, "\(sql)")
            try it.execute("DROP TRIGGER crm")
            #expect(try await merge(it).moved == 2)
        }
    }

    @Test("another process's lock, and a table that is gone, are outages")
    func outage() async throws {
        let it = try await fixture()
        let before = try everything(it)
        let other = try it.connection()
        try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE; UPDATE users SET name = 'X'") }
        #expect(try await it.directory.previewMerge(of: "a", into: "t").moved == 2, "the preview does not wait")
        await #expect(throws: DirectoryError.self) { _ = try await merge(it) }
        try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        try it.execute("ALTER TABLE users RENAME TO people")
        await #expect(throws: DirectoryError.self) { _ = try await it.directory.previewMerge(of: "a", into: "t") }
        await #expect(throws: DirectoryError.self) { _ = try await merge(it) }
        // Opened again, the directory has made a table of its own.
        try it.execute("DROP TABLE IF EXISTS users; ALTER TABLE people RENAME TO users")
        #expect(try everything(it) == before)
        #expect(try await merge(it).moved == 2)
    }

    @Test("a merge does not need sync_logs")
    func noLog() async throws {
        for sql in ["DROP TABLE sync_logs;", "DROP TABLE sync_logs; CREATE VIEW sync_logs AS SELECT 'a' AS tenant_id;"] {
            let it = try await fixture(sql)
            #expect(try await merge(it).moved == 2)
        }
    }

    @Test("tables as CRMs make them", arguments: CRMTables.all, EmailScope.allCases)
    func tables(of crm: CRMTables, scope: EmailScope) async throws {
        let it = try SQLiteFixture(scope: scope, sql: crm.sql)
        // Rows that differ in case only keep their tenant from the other scope.
        try await it.directory.prepare()
        let (other, count) = (try it.column("SELECT id FROM users WHERE tenant_id = 't2'"), try it.rows("users").count)
        let preview = try await it.directory.previewMerge(of: "t1", into: "t2")
        #expect(try await it.directory.merge("t1", into: "t2", now: it.clock.now) == preview)
        #expect(preview.moved == count - other.count && preview.conflicts == 0)
        #expect(try it.column("SELECT count(*) FROM users WHERE tenant_id = 't2'") == ["\(count)"])
        #expect(try it.column("SELECT department FROM users WHERE id = 3") == ["Sales"])
    }
}
