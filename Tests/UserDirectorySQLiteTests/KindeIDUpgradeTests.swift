import SyncModel
import TestSupport
import Testing
import UserDirectory
import UserDirectoryConformance
import UserDirectorySQLite

@Suite("Kinde ids in tables of an earlier version")
struct KindeIDUpgradeTests {
    /// As the version made them that stored every id as `wrapper_user_id`.
    private static let tables = """
        ALTER TABLE users ADD COLUMN wrapper_user_id VARCHAR(255);
        UPDATE users SET wrapper_user_id = 'kp_1' WHERE id = 3;
        UPDATE users SET wrapper_user_id = 'kp_2', kinde_user_id = 'kp_other' WHERE id = 5;
        UPDATE users SET wrapper_user_id = 'KP_3', kinde_user_id = 'kp_3' WHERE id = 7;
        CREATE TABLE usersync_waiting (
          job_id TEXT NOT NULL, user_index INTEGER NOT NULL, wrapper_user_id TEXT, email TEXT, state INTEGER NOT NULL,
          record BLOB, result BLOB, PRIMARY KEY (job_id, user_index)
        ) WITHOUT ROWID;
        """

    @Test("are moved to their own column once, so that they find their person")
    func moved() async throws {
        let it = try SQLiteFixture(sql: "\(CRMTables.guide.sql) \(Self.tables)")
        try await it.directory.prepare()
        #expect(
            try it.users("id", "wrapper_user_id", "kinde_user_id") == [
                ["3", nil, "kp_1"], ["5", nil, "kp_2"], ["7", "KP_3", "kp_3"],
            ])
        let users = [TestUser("kp_1", "bob@new.example"), TestUser("kp_3", "small@x.example")]
        let applied = try await it.apply(BatchWork(users).alone)[0].users
        #expect(applied.map(\.crmUserID) == [3, 7] && applied.allSatisfy { $0.outcome == .updated && !$0.isRelinked })
        #expect(
            try it.column("SELECT sql FROM sqlite_master WHERE name = 'idx_users_kinde_user_id'") == [
                "CREATE INDEX idx_users_kinde_user_id ON users(kinde_user_id, tenant_id)"
            ])
    }

    @Test("stored again by such a version, they still tell persons apart")
    func storedAgain() async throws {
        let it = try SQLiteFixture()
        for (id, isRelinked) in [("kp_1", false), ("kp_2", true), ("u-1", true)] {
            try await it.directory.prepare()
            try it.execute(
                """
                DELETE FROM users;
                INSERT INTO users (email, name, tenant_id, wrapper_user_id, is_admin) VALUES ('a@x.example', 'A', 't1', 'kp_1', 1)
                """)
            let applied = try await it.apply(BatchWork([TestUser(id, "a@x.example")]).alone)[0].users
            #expect(applied.map(\.isRelinked) == [isRelinked])
            #expect(try it.users("is_admin") == [[isRelinked ? "0" : "1"]])
            try await it.directory.forget([.test(1)])
        }
    }

    @Test("one that another row has too stays, still finds its row, and is warned of")
    func stays() async throws {
        let it = try SQLiteFixture(
            sql: """
                \(CRMTables.guide.sql) \(Self.tables)
                UPDATE users SET tenant_id = 't1', wrapper_user_id = 'kp_2', kinde_user_id = 'kp_1' WHERE id = 5;
                UPDATE users SET kinde_user_id = 'kp_2' WHERE id = 7;
                """)
        try await it.directory.prepare()
        let before: [[String?]] = [["3", "kp_1", nil], ["5", "kp_2", "kp_1"], ["7", "KP_3", "kp_2"]]
        #expect(try it.users("id", "wrapper_user_id", "kinde_user_id") == before)
        #expect(it.warnings.all.filter { $0.hasPrefix("2 rows of users have a Kinde id as wrapper_user_id") }.count == 1)
        for (at, id) in ["kp_1", "kp_2"].enumerated() {
            let users = [TestUser(id, "\(id)@new.example"), TestUser("u-\(at)", "u\(at)@x.example")]
            let applied = try await it.apply(BatchWork(job: 1 + at, users).alone)[0].users
            #expect(applied[0].crmUserID == [3, 5][at] && applied[0].outcome == .updated && !applied[0].isRelinked)
            let gone = BatchWork(job: 10 + at, operation: .userRemoval, at: 9, BatchPayload([TestUser.removal(id)]))
            #expect(try await it.apply(gone)[0].users[0].crmUserID == [3, 5][at])
        }
        #expect(try it.users("id", "wrapper_user_id", "kinde_user_id").prefix(3) == before[...])
    }

    @Test("a row that has moved makes room for another one")
    func makesRoom() async throws {
        let it = try SQLiteFixture(
            sql: """
                \(CRMTables.guide.sql) \(Self.tables)
                UPDATE users SET wrapper_user_id = 'kp_3', kinde_user_id = 'kp_2' WHERE id = 7;
                UPDATE users SET tenant_id = 't1', wrapper_user_id = 'kp_2', kinde_user_id = 'kp_1' WHERE id = 5;
                """)
        try await it.directory.prepare()
        #expect(
            try it.users("wrapper_user_id", "kinde_user_id") == [[nil, "kp_1"], [nil, "kp_2"], [nil, "kp_3"]])
        #expect(!it.warnings.all.contains { $0.contains("Kinde id") })
    }

    @Test(
        "where the table does not let them move, the start says so and goes on",
        arguments: ["RAISE(ABORT, 'no')", "RAISE(ROLLBACK, 'no')", "RAISE(IGNORE)", "no()"])
    func refused(action: String) async throws {
        let it = try SQLiteFixture(
            sql: """
                \(CRMTables.guide.sql) \(Self.tables)
                CREATE TRIGGER keep BEFORE UPDATE OF kinde_user_id ON users BEGIN SELECT \(action); END;
                """)
        try await it.directory.prepare()
        #expect(try it.users("wrapper_user_id").prefix(2) == [["kp_1"], ["kp_2"]])
        let warnings = it.warnings.all.filter { $0.hasPrefix("2 rows of users have a Kinde id as wrapper_user_id") }
        #expect(warnings.count == 1 && (warnings[0].contains("SQLite says: no") || action == "RAISE(IGNORE)"))
        try it.execute("DROP TRIGGER keep")
        let applied = try await it.apply(BatchWork([TestUser("kp_1", "bob@new.example")]).alone)[0].users
        #expect(applied.map(\.crmUserID) == [3])
    }

    @Test(
        "a foreign key on either column does not stop the start, also one that is checked at the commit",
        arguments: ["", " DEFERRABLE INITIALLY DEFERRED"], [true, false])
    func foreignKey(deferral: String, refersToUs: Bool) async throws {
        let guide = CRMTables.guide.sql.replacing(
            "kinde_user_id VARCHAR(255)",
            with: "kinde_user_id VARCHAR(255)\(refersToUs ? "" : " REFERENCES logins(kinde)\(deferral)")")
        let it = try SQLiteFixture(
            sql: """
                CREATE TABLE logins (kinde TEXT PRIMARY KEY);
                \(guide) \(Self.tables)
                CREATE UNIQUE INDEX crm_ids ON users(wrapper_user_id);
                CREATE TABLE teams (leader TEXT\(refersToUs ? " REFERENCES users(wrapper_user_id)\(deferral)" : ""));
                INSERT INTO teams VALUES ('kp_1');
                """)
        try await it.directory.prepare()
        #expect(try it.users("wrapper_user_id").prefix(2) == [["kp_1"], ["kp_2"]])
        let warnings = it.warnings.all.filter { $0.hasPrefix("2 rows of users have a Kinde id as wrapper_user_id") }
        #expect(warnings.count == 1 && warnings[0].contains("SQLite says: FOREIGN KEY constraint failed"))
        let applied = try await it.apply(BatchWork([TestUser("kp_1", "bob@new.example")]).alone)[0].users
        #expect(applied.map(\.crmUserID) == [3])
    }

    @Test("a UNIQUE on the column does not stop the start either")
    func unique() async throws {
        let it = try SQLiteFixture(
            sql: """
                \(CRMTables.guide.sql) \(Self.tables)
                UPDATE users SET tenant_id = 't2', kinde_user_id = 'kp_1' WHERE id = 7;
                CREATE UNIQUE INDEX once ON users(kinde_user_id);
                """)
        try await it.directory.prepare()
        #expect(try it.users("wrapper_user_id").prefix(2) == [["kp_1"], [nil]])
        #expect(it.warnings.all.contains { $0.hasPrefix("1 row of users has a Kinde id as wrapper_user_id") })
        let applied = try await it.apply(BatchWork([TestUser("kp_1", "bob@new.example")]).alone)[0].users
        #expect(applied.map(\.crmUserID) == [3] && applied[0].outcome == .updated)
    }

    @Test(
        "another index of that name is left alone",
        arguments: [
            "UNIQUE INDEX idx_users_kinde_user_id ON users(kinde_user_id)", "INDEX idx_users_kinde_user_id ON users(name)",
            "INDEX idx_users_kinde_user_id ON people(id)",
        ])
    func otherIndex(index: String) async throws {
        let it = try SQLiteFixture(
            sql: """
                \(CRMTables.guide.sql) \(Self.tables)
                DROP INDEX idx_users_kinde_user_id; CREATE TABLE people (id INTEGER); CREATE \(index);
                """)
        for job in 1...2 {
            try await it.directory.prepare()
            let applied = try await it.apply(BatchWork(job: job, [TestUser("kp_1", "bob@new.example")]).alone)[0].users
            #expect(applied.map(\.crmUserID) == [3])
            #expect(try it.column("SELECT sql FROM sqlite_master WHERE name = 'idx_users_kinde_user_id'") == ["CREATE \(index)"])
            let again = SQLiteUserDirectory(path: it.path, emailScope: .global, clock: it.clock.wallClock)
            try await again.prepare()
            await again.close()
        }
    }
}
