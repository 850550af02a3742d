import SyncModel
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

    @Test("an index of that name that is another one stops the start, which says so")
    func otherIndex() async throws {
        for index in [
            "UNIQUE INDEX idx_users_kinde_user_id ON users(kinde_user_id)", "INDEX idx_users_kinde_user_id ON users(name)",
        ] {
            let it = try SQLiteFixture(
                sql: "\(CRMTables.guide.sql) DROP INDEX idx_users_kinde_user_id; CREATE \(index);")
            let error = await #expect(throws: DirectoryError.self) { try await it.directory.prepare() }
            #expect(error?.description.contains("idx_users_kinde_user_id is not the guide's") == true)
        }
    }
}
