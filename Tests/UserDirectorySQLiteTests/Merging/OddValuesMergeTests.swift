import SyncModel
import TestSupport
import Testing
import UserDirectory
import UserDirectoryConformance

/// Whatever other programs have written into the table.
@Suite("Merges of odd rows")
struct OddValuesMergeTests {
    private func row(
        _ id: Int, _ tenant: String, email: String, wrapper: String = "NULL", kinde: String = "NULL",
        more: (String, String) = ("", "")
    ) -> String {
        """
        INSERT INTO users (id, email, name, tenant_id, wrapper_user_id, kinde_user_id\(more.0))
        VALUES (\(id), \(email), 'N', '\(tenant)', \(wrapper), \(kinde)\(more.1));
        """
    }

    private func fixture(_ sql: String, tables: String? = nil, scope: EmailScope = .tenant) async throws -> SQLiteFixture {
        let it = try SQLiteFixture(scope: scope, sql: tables)
        try await it.directory.prepare()
        try it.execute(sql)
        return it
    }

    /// What the preview says, which is what the merge does.
    private func merge(_ it: SQLiteFixture) async throws -> (moved: Int, joined: Int, conflicts: Int) {
        let preview = try await it.directory.previewMerge(of: "a", into: "t")
        let merge = try await it.directory.merge("a", into: "t", now: it.clock.now)
        #expect(preview == merge)
        return (merge.moved, merge.joined, merge.conflicts)
    }

    @Test("ids and emails that differ only behind a NUL, or are no text, are not the same")
    func notEqual() async throws {
        let it = try await fixture(
            row(1, "a", email: "'e1@x.example'", wrapper: "'u1'", kinde: "'kp_1'")
                + row(2, "t", email: "'e1@x.example' || char(0)", wrapper: "'u1' || char(0)", kinde: "'kp_1' || char(0)")
                + row(3, "a", email: "'e3@x.example'", wrapper: "'7'", kinde: "CAST('kp_3' AS BLOB)")
                + row(4, "t", email: "CAST('e3@x.example' AS BLOB)", wrapper: "CAST('7' AS BLOB)", kinde: "CAST('kp_3' AS BLOB)"))
        #expect(try await merge(it) == (2, 0, 0))
        #expect(try it.column("SELECT tenant_id FROM users") == ["t", "t", "t", "t"])
    }

    @Test("the same bytes that are no text belong to nobody, but a unique index keeps them apart")
    func blobs() async throws {
        let byID = try await fixture(
            row(1, "a", email: "'e1@x.example'", wrapper: "x'7531'") + row(2, "t", email: "'e2@x.example'", wrapper: "x'7531'"))
        #expect(try await merge(byID) == (0, 0, 1))
        let byEmail = try await fixture(row(1, "a", email: "x'65'") + row(2, "t", email: "x'65'"))
        #expect(try await merge(byEmail) == (0, 0, 1))
        #expect(try byEmail.column("SELECT tenant_id FROM users ORDER BY id") == ["a", "t"])
        let empty = try await fixture(row(1, "a", email: "''") + row(2, "t", email: "''"))
        #expect(try await merge(empty) == (0, 0, 1))
    }

    @Test("times and flags that are none: the target's row decides")
    func times() async throws {
        let more = ", last_synced_at, sync_time, is_active, is_admin, roles, permissions"
        for time in ["NULL", "'yesterday'", "17", "x'00'", "''"] {
            let it = try await fixture(
                row(1, "a", email: "'e@x.example'", more: (more, ", \(time), \(time), 0, 'yes', NULL, x'00'"))
                    + row(2, "t", email: "'e@x.example'", more: (more, ", \(time), \(time), NULL, NULL, x'00', NULL")))
            #expect(try await merge(it) == (0, 1, 0))
            #expect(try it.column("SELECT is_active FROM users WHERE id = 2") == ["NULL"])
        }
        // A time as SQLite's CURRENT_TIMESTAMP writes it is one.
        let it = try await fixture(
            row(1, "a", email: "'e@x.example'", more: (more, ", '2025-08-19 10:00:02', NULL, 0, 0, '[]', '[]'"))
                + row(2, "t", email: "'e@x.example'", more: (more, ", '2025-08-19T10:00:01.999999Z', 'x', 1, 0, '[]', '[]'")))
        #expect(try await merge(it) == (0, 1, 0))
        #expect(try it.column("SELECT is_active || sync_time FROM users WHERE id = 2") == ["0x"])
    }

    @Test("emails in mixed case are found with their index, without it, and written beside us")
    func mixedCase() async throws {
        let rows = row(1, "a", email: "'ANN@x.example'") + row(2, "t", email: "'Ann@x.example'")
        let beside = try await fixture(rows)
        let upgraded = try SQLiteFixture(scope: .tenant, copying: beside)
        try await upgraded.directory.prepare()
        for it in [upgraded, beside] {
            #expect(try await merge(it) == (0, 1, 0))
            #expect(try it.column("SELECT count(*) FROM sqlite_master WHERE name = 'idx_users_email_lower'") == ["1"])
        }
    }

    @Test("another tenant's rows stay as they are, whatever they share")
    func others() async throws {
        let ids = [("'u1'", "'kp_1'"), ("NULL", "'kp_1'"), ("'kp_1'", "NULL"), ("'u2'", "NULL")]
        let others = ids.enumerated().map { row(100 + $0, "o\($0)", email: "'ann@x.example'", wrapper: $1.0, kinde: $1.1) }
        let it = try await fixture(
            others.joined() + row(1, "a", email: "'ann@x.example'", wrapper: "'u1'", kinde: "'kp_1'")
                + row(2, "t", email: "'ann@x.example'") + row(3, "a", email: "'x@x.example'", wrapper: "'u2'"))
        let rows = { try it.rows("users").filter { $0["tenant_id"]??.hasPrefix("o") ?? false } }
        let before = try rows()
        #expect(try await merge(it) == (1, 1, 0))
        #expect(try rows() == before && before.count == 4)
    }
}
