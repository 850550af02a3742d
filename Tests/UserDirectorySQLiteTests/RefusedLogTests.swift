import SyncModel
import Testing
import UserDirectory
import UserDirectoryConformance
import UserDirectorySQLite

@Suite("What the optional sync_logs says keeps no user out")
struct RefusedLogTests {
    /// How a CRM's table may come to refuse a job's row, and how it is mended.
    struct Refusal: Sendable, CustomTestStringConvertible {
        var name: String
        var sql: String
        var mend: String
        var testDescription: String { name }

        static let all =
            ["ABORT", "FAIL", "ROLLBACK"].map {
                Refusal(
                    name: "\($0) in a trigger",
                    sql: "CREATE TRIGGER no_log AFTER INSERT ON sync_logs BEGIN SELECT RAISE(\($0), 'no'); END",
                    mend: "DROP TRIGGER no_log")
            } + [
                Refusal(
                    name: "one more NOT NULL column",
                    sql: "DROP TABLE sync_logs; \(table("region TEXT NOT NULL"))", mend: "DROP TABLE sync_logs"),
                Refusal(
                    name: "a CHECK", sql: "DROP TABLE sync_logs; \(table("CHECK (failed > 0)"))", mend: "DROP TABLE sync_logs"),
                Refusal(
                    name: "a foreign key checked at the commit",
                    sql: """
                        CREATE TABLE regions (code TEXT PRIMARY KEY); DROP TABLE sync_logs;
                        \(table("region TEXT DEFAULT 'eu' REFERENCES regions(code) DEFERRABLE INITIALLY DEFERRED"))
                        """, mend: "INSERT INTO regions VALUES ('eu')"),
                Refusal(
                    name: "a column that is gone", sql: "ALTER TABLE sync_logs RENAME COLUMN details TO detail",
                    mend: "ALTER TABLE sync_logs RENAME COLUMN detail TO details"),
                Refusal(
                    name: "a view in its place", sql: "DROP TABLE sync_logs; CREATE VIEW sync_logs AS SELECT 1 AS id",
                    mend: "DROP VIEW sync_logs"),
            ]

        private static func table(_ more: String) -> String {
            """
            CREATE TABLE sync_logs (id INTEGER PRIMARY KEY AUTOINCREMENT, tenant_id TEXT NOT NULL, operation TEXT NOT NULL,
              total_users INTEGER NOT NULL, successful INTEGER DEFAULT 0, failed INTEGER DEFAULT 0, details JSONB,
              synced_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, job_id TEXT UNIQUE, \(more));
            """
        }
    }

    private func entry(_ job: Int) -> SyncLogEntry {
        SyncLogEntry(
            jobID: .test(job), tenantID: "t1", operation: .userSync, totalUsers: 1, counts: JobCounts(), failedCodes: [:],
            syncedAt: .at(0))
    }

    @Test("users are applied, the refusal is told, the next call after the mend writes the row", arguments: Refusal.all)
    func refused(refusal: Refusal) async throws {
        let it = try SQLiteFixture()
        try await it.directory.prepare()
        try it.execute(refusal.sql)
        let small = [
            BatchWork(job: 1, [TestUser("a", "a@x.example")]).alone, BatchWork(job: 2, [TestUser("b", "b@x.example")]).alone,
        ]
        let bulk = BatchWork(job: 3, [TestUser("c", "c@x.example")])
        for _ in 1...2 {
            let applied = try await it.directory.apply(small + [bulk], closeEarly: { false })
            #expect(applied.flatMap(\.users).map(\.outcome) == [.created, .created, .created])
            #expect(applied.map(\.jobLog) == [.refused, .refused, .due])
        }
        #expect(try it.people() == ["a a@x.example", "b b@x.example", "c c@x.example"])
        for _ in 1...2 {
            let error = await #expect(throws: DirectoryError.self) { try await it.directory.log([entry(3)]) }
            guard case .transient(let text) = error else {
                Issue.record("an outage: \(String(describing: error))")
                continue
            }
            #expect(text.contains("sync_logs"))
        }
        try await it.directory.probe()
        #expect(try await it.outcomes(BatchWork(job: 4, [TestUser("d", "d@x.example")])) == ["created"])

        try it.execute(refusal.mend)
        // A table that is missing is made when the file is opened the next time, at the latest after one more refusal.
        try? await it.directory.log([entry(3)])
        try await it.directory.log([entry(3)])
        #expect(try await it.directory.apply(small, closeEarly: { false }).allSatisfy { $0.jobLog == .written })
        #expect(try Set(it.rows("sync_logs").compactMap { $0["job_id"] }) == Set([1, 2, 3].map { JobID.test($0).text }))
    }

    @Test("a table that takes no row at all is not asked again for some seconds; one that refuses a row is asked for the next")
    func pause() async throws {
        var options = SQLiteUserDirectory.Options(busyTimeout: 0.05)
        options.logPause = 3600
        let it = try SQLiteFixture(options: options)
        try await it.directory.prepare()
        func log(_ job: Int) async throws -> BatchApplied.JobLog {
            try await it.apply(BatchWork(job: job, [TestUser("\(job)", "u\(job)@x.example")]).alone)[0].jobLog
        }
        try it.execute(
            "CREATE TRIGGER one BEFORE INSERT ON sync_logs WHEN NEW.total_users = 1 BEGIN SELECT RAISE(ABORT, 'no'); END")
        #expect(try await log(1) == .refused)
        try it.execute("DROP TRIGGER one")
        #expect(try await log(2) == .written)
        try it.execute("ALTER TABLE sync_logs RENAME COLUMN details TO detail")
        #expect(try await log(3) == .refused)
        try it.execute("ALTER TABLE sync_logs RENAME COLUMN detail TO details")
        #expect(try await log(4) == .refused)
        await #expect(throws: DirectoryError.self) { try await it.directory.log([entry(4)]) }
        #expect(try it.rows("users").count == 4)
    }

    @Test(
        "a table that cannot be fitted is warned of once, and left as it is",
        arguments: [
            (
                "\(CRMTables.guide.sql); DROP TABLE sync_logs; CREATE TABLE sync_logs (id INTEGER PRIMARY KEY)",
                "ALTER TABLE sync_logs"
            ),
            (
                """
                \(CRMTables.guide.sql); ALTER TABLE sync_logs ADD COLUMN job_id TEXT DEFAULT 'same';
                INSERT INTO sync_logs (tenant_id, operation, total_users) VALUES ('t1', 'user_sync', 3);
                """, "UNIQUE constraint failed: sync_logs.job_id"
            ),
        ])
    func unfitting(sql: String, words: String) async throws {
        let it = try SQLiteFixture(sql: sql)
        let before = try it.column("SELECT sql FROM sqlite_master WHERE name = 'sync_logs'")
        try await it.directory.prepare()
        let applied = try await it.apply(BatchWork(job: 1, [TestUser("a", "a@y.example")]).alone)[0]
        #expect(applied.users.map(\.outcome) == [.created] && applied.jobLog == .refused)
        for _ in 1...2 { try? await it.directory.log([entry(1)]) }
        #expect(it.warnings.all.filter { $0.contains(words) }.count == 1, "\(it.warnings.all)")
        #expect(try it.column("SELECT sql FROM sqlite_master WHERE name = 'sync_logs'") == before)
    }
}
