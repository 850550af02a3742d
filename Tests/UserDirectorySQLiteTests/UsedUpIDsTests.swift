import SyncModel
import Testing
import UserDirectory
import UserDirectoryConformance

/// SQLite calls a table whose highest id is the highest there is full, in the words of a full disk.
@Suite("A table of the CRM that has no id left")
struct UsedUpIDsTests {
    private func directory() async throws -> SQLiteFixture {
        let it = try SQLiteFixture()
        try await it.directory.prepare()
        try await it.apply(BatchWork(job: 1, [TestUser("a", "a@x.example"), TestUser("b", "b@x.example")]))
        return it
    }

    private func useUpUserIDs(_ it: SQLiteFixture) throws {
        try it.execute(
            "INSERT INTO users (id, email, name, tenant_id) VALUES (9223372036854775807, 'last@y.example', 'Last', 'elsewhere')")
    }

    @Test("fails new users, each with the reason, and no other: known ones are updated, and the directory is in no trouble")
    func users() async throws {
        let it = try await directory()
        try useUpUserIDs(it)
        let users = ["n1", "n2", "n3", "a", "n4", "b"].map { (id: String) in TestUser(id, "\(id)@x.example", name: "New") }
        for job in 2...3 {
            let applied = try await it.apply(BatchWork(job: job, users))[0].users
            let known: UserOutcome = job == 2 ? .updated : .unchanged
            #expect(applied.map(\.outcome) == [.failed, .failed, .failed, known, .failed, known])
            for user in applied where user.outcome == .failed {
                let reason = user.detail ?? ""
                #expect(user.code == .refusedByDatabase && reason.contains("users has the highest id"), "\(reason)")
            }
        }
        #expect(try it.column("SELECT name FROM users WHERE tenant_id = 't1'") == ["New", "New"])
        try await it.directory.probe()
    }

    @Test("fails those that come too late for the last ids")
    func lastIDs() async throws {
        let it = try await directory()
        try it.execute("UPDATE sqlite_sequence SET seq = 9223372036854775805 WHERE name = 'users'")
        let users = (1...4).map { TestUser("n\($0)", "n\($0)@x.example") }
        let applied = try await it.apply(BatchWork(job: 2, users))[0].users
        #expect(applied.map(\.outcome) == [.created, .created, .failed, .failed])
        #expect(try it.column("SELECT max(id) FROM users") == ["9223372036854775807"])
    }

    @Test("keeps no other job of the commit from being applied")
    func otherJobs() async throws {
        let it = try await directory()
        try useUpUserIDs(it)
        let works = [
            BatchWork(job: 2, [TestUser("n1", "n1@x.example")]).alone,
            BatchWork(job: 3, [TestUser("a", "other@x.example")]).alone,
        ]
        let applied = try await it.directory.apply(works, closeEarly: { false })
        #expect(applied.flatMap(\.users).map(\.outcome) == [.failed, .updated])
        #expect(applied.map(\.jobLog) == [.written, .written])
    }

    @Test("for its log keeps no user out; that the row is refused is told")
    func log() async throws {
        let it = try await directory()
        try it.execute(
            "INSERT INTO sync_logs (id, tenant_id, operation, total_users) VALUES (9223372036854775807, 'elsewhere', 'user_sync', 1)"
        )
        let works = (2...4).map { BatchWork(job: $0, [TestUser("n\($0)", "n\($0)@x.example")]).alone }
        let applied = try await it.directory.apply(works, closeEarly: { false })
        #expect(applied.flatMap(\.users).map(\.outcome) == [.created, .created, .created])
        #expect(applied.map(\.jobLog) == [.refused, .refused, .refused])
        let entry = SyncLogEntry(
            jobID: .test(2), tenantID: "t1", operation: .userSync, totalUsers: 1, counts: JobCounts(), failedCodes: [:],
            syncedAt: .at(0))
        let error = await #expect(throws: DirectoryError.self) { try await it.directory.log([entry]) }
        guard case .transient(let text) = error else {
            Issue.record("an outage: \(String(describing: error))")
            return
        }
        #expect(text.contains("sync_logs has the highest id"))
    }
}
