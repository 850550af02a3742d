import SyncModel
import Testing
import UserDirectory
import UserDirectoryConformance

@Suite("The ledger in the file")
struct LedgerTests {
    @Test("the ledger holds no email and no wrapper id")
    func noPersonalData() async throws {
        let it = try SQLiteFixture()
        try await it.directory.prepare()
        try await it.apply(BatchWork([TestUser("wrapper-id-1", "ann@x.example", name: "Ann")]))
        let found = try it.column(
            "SELECT count(*) FROM usersync_ledger WHERE instr(results, 'ann') OR instr(results, 'wrapper')")
        #expect(found == ["0"])
        #expect(try it.column("SELECT count(*) FROM usersync_ledger WHERE results IS NOT NULL") == ["1"])
    }

    @Test("a row that something else has changed is a fault of its batch: others are applied, and it can be ended")
    func unreadable() async throws {
        let it = try SQLiteFixture()
        try await it.directory.prepare()
        func work(_ job: Int) -> BatchWork { BatchWork(job: job, [TestUser("\(job)", "u\(job)@x.example")]).alone }
        for job in 1...2 { try await it.apply(work(job)) }
        try it.execute("UPDATE usersync_ledger SET results = x'00'")
        for _ in 0..<2 {
            let error = await #expect(throws: DirectoryError.self) { try await it.apply(work(1)) }
            #expect(error == .transient("The ledger's row of batch 0 of job \(JobID.test(1)) cannot be read"))
        }
        #expect(try await it.outcomes(work(3)) == ["created"])
        let ended = try await it.directory.giveUp(work(1), error: "why")
        #expect(ended.users.map(\.code) == [.retriesExhausted])
        #expect(try await it.apply(work(1)).map(\.users) == [ended.users])
        #expect(try await it.directory.tombstone(.test(2), batches: [0]) == [:])
        #expect(try await it.apply(work(2))[0].isTombstone)
        #expect(try it.column("SELECT count(*) FROM users") == ["3"])
    }
}
