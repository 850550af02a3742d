import SyncModel
import Testing
import UserDirectory
import UserDirectoryConformance

@Suite("Times that stand as text in an SQLite directory")
struct StoredTimeTests {
    @Test("one that is none counts as none, others are compared as moments")
    func times() async throws {
        let it = try SQLiteFixture()
        try await it.directory.prepare()
        try await it.apply(BatchWork(at: 10, [TestUser("a", "a@x.example", name: "Ten")]))
        try it.execute("UPDATE users SET sync_time = 'yesterday'")
        #expect(try await it.outcomes(BatchWork(job: 5, at: 1, [TestUser("a", "a@x.example", name: "One")])) == ["updated"])
        // 12:00:30+02:00 is 10:00:30Z: compared as moments, not as text.
        try it.execute("UPDATE users SET sync_time = '2025-08-19 12:00:30+02:00'")
        #expect(try await it.outcomes(BatchWork(job: 6, at: 29, [TestUser("a", "a@x.example")])) == ["stale"])
        #expect(try await it.outcomes(BatchWork(job: 7, at: 30, [TestUser("a", "a@x.example")])) == ["updated"])
    }
}
