import GRDB
import SyncModel
import Testing
import UserDirectory
import UserDirectoryConformance

@testable import UserDirectorySQLite

@Suite("Ids are compared by their bytes, whatever collation the CRM's table has")
struct CollationTests {
    /// The guide's tables, with one thing about them changed.
    private func tables(_ part: String, _ other: String) -> String { CRMTables.guide.sql.replacing(part, with: other) }

    private static let idColumns = [
        ("tenant_id", "tenant_id VARCHAR(255) NOT NULL"), ("kinde_user_id", "kinde_user_id VARCHAR(255)"),
        ("wrapper_user_id", "wrapper_user_id VARCHAR(255)"),
    ]

    @Test(
        "a column of ids with a collation of its own stops the start", arguments: idColumns,
        ["NOCASE", "RTRIM", "nocase"])
    func columns(column: (name: String, definition: String), collation: String) async throws {
        let sql = CRMTables.columns.replacing(
            "kinde_user_id VARCHAR(255)", with: "kinde_user_id VARCHAR(255), wrapper_user_id VARCHAR(255)"
        )
        .replacing(column.definition, with: "\(column.definition) COLLATE \(collation)")
        let it = try SQLiteFixture(sql: "CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(255) NOT NULL UNIQUE, \(sql))")
        var error: DirectoryError?
        do throws(DirectoryError) { try await it.directory.prepare() } catch let thrown { error = thrown }
        guard case .unusable(let message) = error else {
            Issue.record("expected .unusable, got \(String(describing: error))")
            return
        }
        #expect(message.hasPrefix("users.\(column.name) has COLLATE \(collation.uppercased()), "))
        #expect(try it.column("SELECT count(*) FROM pragma_table_info('users')") == ["16"], "nothing was changed")
    }

    private static let otherIndexes = [
        ("ON users(tenant_id)", "ON users(tenant_id COLLATE NOCASE)"),
        ("ON users(kinde_user_id)", "ON users(kinde_user_id COLLATE NOCASE)"),
        ("ON users(kinde_user_id)", "ON users(kinde_user_id COLLATE NOCASE, tenant_id)"),
        ("ON users(kinde_user_id)", "ON users(kinde_user_id, tenant_id COLLATE RTRIM)"),
        ("CREATE INDEX idx_users_email ON users(email)", "CREATE UNIQUE INDEX idx_users_email ON users(email COLLATE NOCASE)"),
        (
            "CREATE INDEX idx_users_email ON users(email)",
            "CREATE UNIQUE INDEX idx_users_email ON users(email COLLATE NOCASE, tenant_id)"
        ),
    ]

    @Test(
        "an index that compares otherwise is not used in place of ours: who differs in case is another person",
        arguments: otherIndexes, EmailScope.allCases)
    func indexes(index: (guides: String, other: String), scope: EmailScope) async throws {
        let rows = CRMTables.rows.replacing("bob@x.example", with: "bob2@x.example")
        let unique = "email VARCHAR(255) UNIQUE NOT NULL"
        let sql = tables(index.guides, index.other).replacing(CRMTables.rows, with: rows).replacing(
            unique, with: "email TEXT NOT NULL")
        let it = try SQLiteFixture(scope: scope, sql: sql)
        try await it.directory.prepare()
        for (at, tenant) in ["t9", "T9"].enumerated() {
            let users = ["a", "A", "kp_a", "kp_A"].enumerated().map { TestUser($1, "\($0)-\(at)@x.example") }
            let words = try await it.outcomes(BatchWork(job: 10 + at, tenant: TenantID(tenant), users).alone)
            #expect(words == ["created", "created", "created", "created"], "\(tenant)")
            #expect(
                try await it.outcomes(BatchWork(job: 20 + at, tenant: TenantID(tenant), users).alone)
                    == [String](repeating: "unchanged", count: 4))
        }
        #expect(try it.plan(of: UserSQL.byEmail).contains("(email=?"))
        #expect(try it.plan(of: UserSQL.byWrapperID).contains("idx_users_tenant_id (tenant_id=? AND wrapper_user_id=?)"))
        // SQLite scans an index that is named and cannot be searched.
        let own = try it.column("SELECT name FROM sqlite_master WHERE name = '\(KindeIDs.ownIndexName)'")
        let byKindeID = UserSQL.byKindeID(index: own.first ?? KindeIDs.indexName)
        let plan = try it.plan(of: byKindeID)
        #expect(plan.contains("(kinde_user_id=? AND tenant_id=?") && !plan.contains("SCAN users"))
    }

    @Test("emails may be compared without regard to case by the table itself", arguments: EmailScope.allCases)
    func emails(scope: EmailScope) async throws {
        let sql = tables("email VARCHAR(255) UNIQUE NOT NULL", "email VARCHAR(255) COLLATE NOCASE UNIQUE NOT NULL")
            .replacing("(7, 'bob@x.example'", with: "(7, 'bob2@x.example'")
        let it = try SQLiteFixture(scope: scope, sql: sql)
        try await it.directory.prepare()
        let users = [TestUser("1", "BOB@x.example", name: "New Bob"), TestUser("2", "new@x.example")]
        #expect(try await it.outcomes(BatchWork(job: 1, users).alone) == ["updated", "created"])
        #expect(try it.column("SELECT name FROM users WHERE id = 3") == ["New Bob"])
    }
}

extension SQLiteFixture {
    /// The plan of a statement whose parameters do not matter, in one line.
    fileprivate func plan(of sql: String) throws -> String {
        try outside { db in
            let statement = try db.makeStatement(sql: "EXPLAIN QUERY PLAN \(sql)")
            statement.setUncheckedArguments([])
            return try Row.fetchAll(statement).map { $0["detail"] as String }.joined(separator: "; ")
        }
    }
}
