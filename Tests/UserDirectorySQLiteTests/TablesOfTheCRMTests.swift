import SyncModel
import Testing
import UserDirectory
import UserDirectoryConformance

@Suite("Taking over a row of the CRM's own table")
struct TablesOfTheCRMTests {
    @Test("what the CRM's own table sets on creation is set again; its own columns stay")
    func defaultsOfTheTable() async throws {
        let it = try SQLiteFixture(sql: CRMTables.guide.sql)
        try await it.directory.prepare()
        try it.execute(
            """
            ALTER TABLE users ADD COLUMN phone TEXT;
            PRAGMA writable_schema = 1;
            UPDATE sqlite_master SET sql = replace(replace(sql,
              'department VARCHAR(100)', 'department VARCHAR(100) DEFAULT (''Ne'' || ''w'')'),
              'kinde_user_id VARCHAR(255)', 'kinde_user_id VARCHAR(255) DEFAULT ''none''')
              WHERE name = 'users';
            PRAGMA writable_schema = RESET;
            INSERT INTO users (email, name, tenant_id, wrapper_user_id, kinde_user_id, department, synced_from, phone)
              VALUES ('alice@x.example', 'Alice', 't1', '1', NULL, 'Board', 'by hand', '17');
            """)
        let work = BatchWork(job: 2, [TestUser("2", "alice@x.example"), TestUser("3", "new@x.example")]).alone
        #expect(try await it.apply(work)[0].users.map(\.isRelinked) == [true, false])
        #expect(
            try it.column(
                """
                SELECT wrapper_user_id || department || is_admin || is_active || roles || synced_from || kinde_user_id || coalesce(phone, '-')
                FROM users WHERE wrapper_user_id IN ('2', '3') ORDER BY 1
                """) == ["2New01[]wrappernone17", "3New01[]wrappernone-"])
    }

    @Test("one whom the database refuses keeps its address against those after it; the others go on")
    func refusedCarrier() async throws {
        for raise in ["ABORT", "FAIL", "ROLLBACK"] {
            let it = try SQLiteFixture()
            try await it.directory.prepare()
            try await it.apply(BatchWork((1...3).map { TestUser("\($0)", "u\($0)@x.example", [.isAdmin: .yes]) }))
            try it.execute(
                """
                CREATE TRIGGER crm BEFORE UPDATE ON users WHEN NEW.name = 'bad' BEGIN SELECT RAISE(\(raise), 'no'); END
                """)
            let users = [
                TestUser("9", "u1@x.example"), TestUser("1", "u2@x.example", name: "bad"), TestUser("2", "u3@x.example"),
                TestUser("3", "free@x.example"), TestUser("10", "u2@x.example"),
            ]
            let (words, people) = (try await it.outcomes(BatchWork(job: 2, users).alone), try it.people())
            #expect(words == ["identity_conflict", "refused_by_database", "updated", "updated", "created"], "\(raise)")
            #expect(people == ["1 u1@x.example", "2 u3@x.example", "3 free@x.example", "10 u2@x.example"], "\(raise)")
            #expect(try it.rows("usersync_waiting").isEmpty)
        }
    }
}
