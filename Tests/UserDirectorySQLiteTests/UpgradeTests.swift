import GRDB
import SyncModel
import TestSupport
import Testing
import UserDirectory
import UserDirectoryConformance
import UserDirectorySQLite

@Suite("Tables that are there are fitted, losing nothing")
struct UpgradeTests {
    /// Everything but our own tables: definitions that must survive, and all rows of the CRM's columns.
    private struct Contents: Equatable {
        var objects: [String]
        var users: [[String: String?]]
        var counter: [String]
        var others: [String]
    }

    private func contents(_ it: SQLiteFixture) throws -> Contents {
        let objects = try it.column(
            """
            SELECT type || ' ' || name || ' ' || CASE WHEN type IN ('trigger', 'view') THEN sql ELSE '' END FROM sqlite_master
            WHERE name NOT LIKE 'usersync%' AND name NOT LIKE 'sqlite%' AND name NOT IN ('users_email_unique',
              'idx_users_email', 'idx_users_tenant_id', 'idx_users_kinde_user_id', 'idx_users_email_lower', 'idx_sync_logs_job_id')
              AND name <> 'sync_logs' ORDER BY 1
            """)
        let ours = ["wrapper_user_id", "avatar", "last_active_at", "allowed_applications", "subscription_tier", "sync_time"]
        let users = try it.rows("users").map { row in
            Dictionary(uniqueKeysWithValues: row.filter { !ours.contains($0.key) }.map { ($0.key.lowercased(), $0.value) })
        }
        let hasCounter = try !it.column("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'").isEmpty
        let hasNotes = try !it.column("SELECT 1 FROM sqlite_master WHERE name = 'notes'").isEmpty
        return Contents(
            objects: objects, users: users,
            counter: hasCounter ? try it.column("SELECT seq FROM sqlite_sequence WHERE lower(name) = 'users'") : [],
            others: hasNotes ? try it.column("SELECT user_id || text FROM notes UNION ALL SELECT count(*) FROM audit") : [])
    }

    @Test("in either scope, twice, and nothing of the CRM's is gone", arguments: CRMTables.all, EmailScope.allCases)
    func upgrade(tables: CRMTables, scope: EmailScope) async throws {
        let it = try SQLiteFixture(scope: scope, sql: tables.sql)
        let before = try contents(it)
        try await it.directory.prepare()
        #expect(try contents(it) == before)
        #expect(try it.column("SELECT count(*) FROM pragma_foreign_key_check") == (before.others.isEmpty ? ["0"] : ["1"]))
        #expect(try it.column("PRAGMA integrity_check") == ["ok"])
        let schema = try it.column("SELECT group_concat(sql, ';') FROM sqlite_master")
        await it.directory.close()

        let again = SQLiteUserDirectory(path: it.path, emailScope: scope, clock: it.clock.wallClock)
        try await again.prepare()
        #expect(try it.column("SELECT group_concat(sql, ';') FROM sqlite_master") == schema, "a second start changes nothing")
        let users = [TestUser("n", "new@x.example"), TestUser("b", "Bob@x.example", name: "Changed")]
        let applied = try await again.apply([BatchWork(users)], closeEarly: { false })[0]
        #expect(applied.users.map(\.outcome) == [.created, .updated])
        #expect(applied.users[0].crmUserID == (before.counter.isEmpty ? 8 : 9), "ids of deleted rows are not given out again")
        #expect(applied.users[1].crmUserID == 3)
        try await again.log([
            SyncLogEntry(
                jobID: .test(1), tenantID: "t1", operation: .userSync, totalUsers: 2, counts: JobCounts(), failedCodes: [:],
                syncedAt: .at(0))
        ])
        if !before.others.isEmpty {
            #expect(try it.column("SELECT what FROM audit") == ["Changed"], "the CRM's trigger fired")
            #expect(try it.column("SELECT name FROM people WHERE id = 3") == ["Changed"])
            try it.execute("INSERT INTO notes (user_id, text) VALUES (3, 'Chief')")
            #expect(try it.column("SELECT title FROM users WHERE id = 3") == ["Chief"])
        }
        await again.close()
    }

    @Test(
        "rows that differ only in case: the exact spelling wins, else the lowest id, and each keeps what it has",
        arguments: CRMTables.all)
    func twins(tables: CRMTables) async throws {
        let it = try SQLiteFixture(sql: tables.sql)
        try await it.directory.prepare()
        func row(_ job: Int, _ user: TestUser) async throws -> Int64? {
            try await it.apply(BatchWork(job: job, [user]))[0].users.first?.crmUserID
        }
        #expect(try await row(1, TestUser(nil, "bob@x.example")) == 7)
        #expect(try await row(2, TestUser(nil, "Bob@x.example")) == 3)
        #expect(try await row(3, TestUser(nil, "BOB@x.example")) == 3)
        #expect(try it.column("SELECT email FROM users WHERE id IN (3, 7)") == ["Bob@x.example", "bob@x.example"])
        // Known by its id, the first keeps its spelling too; it is no conflict with its twin.
        #expect(try await it.outcomes(BatchWork(job: 4, [TestUser("b", "Bob@x.example")])) == ["updated"])
        #expect(try await it.outcomes(BatchWork(job: 5, [TestUser("b", "bob@x.example")])) == ["unchanged"])
        #expect(try it.column("SELECT wrapper_user_id FROM users WHERE id IN (3, 7)") == ["b", "NULL"])
        // Another user who asks for their email meets a row that does not move.
        #expect(try await it.outcomes(BatchWork(job: 6, [TestUser("z", "z@x.example")])) == ["created"])
        #expect(try await it.outcomes(BatchWork(job: 7, [TestUser("z", "bob@x.example")])) == ["deferred"])
        #expect(
            try await it.outcomes(BatchWork(job: 7, number: 1, isLastPass: true, [TestUser("z", "bob@x.example")]))
                == ["identity_conflict"])
        // Another tenant may not have it either.
        #expect(
            try await it.outcomes(BatchWork(job: 8, tenant: "t2", [TestUser("q", "BOB@x.example")])) == ["email_in_other_tenant"])
    }

    @Test("a fresh table has the guide's indexes, and none twice")
    func freshIndexes() async throws {
        for (scope, email) in [(EmailScope.global, "email"), (.tenant, "email, tenant_id")] {
            let it = try SQLiteFixture(scope: scope)
            try await it.directory.prepare()
            #expect(
                try it.column(
                    "SELECT coalesce(sql, name) FROM sqlite_master WHERE type = 'index' AND tbl_name = 'users' ORDER BY name")
                    == [
                        "CREATE UNIQUE INDEX idx_users_email ON users(\(email))",
                        "CREATE INDEX idx_users_kinde_user_id ON users(kinde_user_id, tenant_id)",
                        "CREATE UNIQUE INDEX idx_users_tenant_id ON users(tenant_id, wrapper_user_id)",
                    ])
        }
    }

    @Test("emails in mixed case get an index when they turn up, at the start or while it runs; not before")
    func mixedCaseIndex() async throws {
        func hasIndex(_ it: SQLiteFixture) throws -> Bool {
            try !it.column("SELECT 1 FROM sqlite_master WHERE name = 'idx_users_email_lower'").isEmpty
        }
        let it = try SQLiteFixture()
        try await it.directory.prepare()
        #expect(try await it.outcomes(BatchWork([TestUser("a", "Ann@x.example")])) == ["created"])
        #expect(try !hasIndex(it))
        try it.execute("INSERT INTO users (email, name, tenant_id) VALUES ('Bob@x.example', 'Bob', 't1')")
        #expect(try await it.outcomes(BatchWork(job: 2, [TestUser("b", "bob@x.example", name: "Bob")])) == ["updated"])
        #expect(try hasIndex(it))
        #expect(try it.people() == ["a ann@x.example", "b bob@x.example"])

        let plain = try SQLiteFixture(sql: CRMTables.guide.sql)
        try plain.execute("DELETE FROM users WHERE id = 3")
        try await plain.directory.prepare()
        #expect(try !hasIndex(plain))
        await plain.directory.close()
        try plain.execute("UPDATE users SET email = 'BOB@x.example' WHERE id = 7")
        let again = SQLiteUserDirectory(path: plain.path, emailScope: .global, clock: plain.clock.wallClock)
        try await again.prepare()
        #expect(try hasIndex(plain))
    }

    @Test("a row made without us takes the guide's defaults")
    func defaults() async throws {
        let it = try SQLiteFixture()
        try await it.directory.prepare()
        try it.execute("INSERT INTO users (email, name, tenant_id) VALUES ('a@x.example', 'A', 't1')")
        let row = try it.rows("users")[0]
        #expect(row["is_active"] == "1" && row["is_admin"] == "0" && row["roles"] == "[]" && row["permissions"] == "[]")
        #expect(row["synced_from"] == "wrapper" && row["last_synced_at"] == .some(nil))
        for column in ["created_at", "updated_at"] {
            let text = try #require(row[column] ?? nil)
            #expect(Timestamp(iso8601: text) != nil && text.hasSuffix("Z"))
        }
    }

    @Test(
        "what cannot be fitted stops the start, naming it and how to mend",
        arguments: [
            ("CREATE TABLE users (id SERIAL PRIMARY KEY, email TEXT UNIQUE, \(CRMTables.columns))", "INTEGER PRIMARY KEY"),
            ("CREATE TABLE users (id INTEGER PRIMARY KEY DESC, email TEXT UNIQUE, \(CRMTables.columns))", "INTEGER PRIMARY KEY"),
            (
                "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE, \(CRMTables.columns)) WITHOUT ROWID",
                "INTEGER PRIMARY KEY"
            ),
            (
                "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE, name TEXT, tenant_id TEXT)",
                "ALTER TABLE users ADD COLUMN kinde_user_id VARCHAR(255)"
            ),
            ("CREATE VIEW users AS SELECT 1 AS id", "view"),
            (
                "\(CRMTables.guide.sql); DROP INDEX idx_users_email; CREATE INDEX idx_users_email ON users(name)",
                "idx_users_email"
            ),
            (
                """
                \(CRMTables.guide.sql); ALTER TABLE users ADD COLUMN wrapper_user_id TEXT;
                UPDATE users SET wrapper_user_id = 'same'
                """, "wrapper_user_id repeats within a tenant: first in the row with id 3, 2 rows"
            ),
            (
                """
                CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, \(CRMTables.columns)); \(CRMTables.rows)
                INSERT INTO users (id, email, name, tenant_id) VALUES (20, 'ann@x.example', 'Ann', 't1')
                """, "2 emails repeat: first bob@x.example, in the rows with id 3, 7"
            ),
            (
                """
                CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, \(CRMTables.columns)); \(CRMTables.rows)
                INSERT INTO users (id, email, name, tenant_id) VALUES (20, 'ann@x.example', 'Ann', 't2')
                """, "once per tenant, but 1 email repeats: first ann@x.example, in the rows with id 5, 20. Fix them"
            ),
        ])
    func unusable(sql: String, words: String) async throws {
        let scope: EmailScope = words.contains("per tenant") ? .tenant : .global
        let it = try SQLiteFixture(scope: scope, sql: sql)
        let before = try it.column("SELECT coalesce(sql, '') FROM sqlite_master")
        let error = await #expect(throws: DirectoryError.self) { try await it.directory.prepare() }
        guard case .unusable(let message) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(message.contains(words), "\(message)")
        #expect(try it.column("SELECT coalesce(sql, '') FROM sqlite_master") == before, "nothing was changed")
    }

    @Test("a schema that was mended is taken without a new start")
    func mended() async throws {
        let it = try SQLiteFixture(sql: "CREATE TABLE users (id INTEGER PRIMARY KEY)")
        await #expect(throws: DirectoryError.self) { try await it.directory.prepare() }
        try it.execute("DROP TABLE users")
        try await it.directory.prepare()
        #expect(try await it.outcomes(BatchWork([TestUser("a", "a@x.example")])) == ["created"])
    }

    @Test("EMAIL_SCOPE goes to tenant and back while no email repeats", arguments: CRMTables.all)
    func thereAndBack(tables: CRMTables) async throws {
        let it = try SQLiteFixture(sql: tables.sql)
        try it.execute("DELETE FROM users WHERE id = 7")
        let before = try contents(it)
        for scope in [EmailScope.global, .tenant, .global, .tenant] {
            let directory = SQLiteUserDirectory(path: it.path, emailScope: scope, clock: it.clock.wallClock)
            try await directory.prepare()
            await directory.close()
            #expect(try contents(it) == before)
            let insert = "INSERT INTO users (email, name, tenant_id) VALUES ('ann@x.example', 'Ann', 't9')"
            if scope == .global {
                #expect(throws: DatabaseError.self) { try it.execute(insert) }
            } else {
                try it.outside { db in
                    try db.inTransaction {
                        try db.execute(sql: insert)
                        return .rollback
                    }
                }
            }
        }
    }

    @Test("back to global with emails that repeat: the start stops, naming how many and which first")
    func backWithRepeats() async throws {
        let it = try SQLiteFixture(scope: .tenant)
        try await it.directory.prepare()
        try await it.apply(BatchWork(tenant: "t1", [TestUser("a", "a@x.example"), TestUser("b", "b@x.example")]))
        try await it.apply(BatchWork(job: 2, tenant: "t2", [TestUser("a", "a@x.example"), TestUser("b", "b@x.example")]))
        await it.directory.close()
        let global = SQLiteUserDirectory(path: it.path, emailScope: .global, clock: it.clock.wallClock)
        await #expect(
            throws: DirectoryError.unusable(
                """
                EMAIL_SCOPE=global needs every email once, but 2 emails repeat: first a@x.example, in the rows with id 1, 3. \
                Fix them, or keep EMAIL_SCOPE=tenant
                """)
        ) { try await global.prepare() }
        try it.execute("DELETE FROM users WHERE tenant_id = 't2'")
        try await global.prepare()
    }
}
