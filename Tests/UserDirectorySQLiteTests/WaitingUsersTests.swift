import SyncModel
import Testing
import UserDirectory
import UserDirectoryConformance

@Suite("Users that wait for the last pass")
struct WaitingUsersTests {
    @Test("are, in a job of one batch, only those whose row's ids are in it")
    func wholeJob() async throws {
        let it = try SQLiteFixture()
        let known = TestUser("u-1", "ann@x.example", [.kindeUserID: .text("kp_1")])
        try await it.apply(BatchWork([known, TestUser("u-2", "bob@x.example")]).alone)
        try it.execute(
            """
            CREATE TABLE waited (user_index INTEGER);
            CREATE TRIGGER usersync_waited AFTER INSERT ON usersync_waiting BEGIN INSERT INTO waited VALUES (NEW.user_index); END
            """)
        let users = [TestUser("kp_1", "ann@x.example"), TestUser("u-3", "bob@x.example")]
        #expect(try await it.outcomes(BatchWork(job: 2, at: 1, users).alone) == ["unchanged", "updated"])
        #expect(try it.column("SELECT user_index FROM waited").isEmpty)
        let both = [TestUser("kp_1", "ann@x.example"), TestUser("u-1", "ann@new.example")]
        #expect(try await it.outcomes(BatchWork(job: 3, at: 1, both).alone) == ["updated", "updated"])
        #expect(try it.column("SELECT user_index FROM waited") == ["0"])
    }
}
