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
}
