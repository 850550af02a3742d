import SyncModel
import Testing
import UserDirectory

@Suite("A removal")
struct RemovalTests {
    private func removal(_ job: Int, _ id: String, tenant: TenantID = "t1", at seconds: Int64) -> BatchWork {
        BatchWork(job: job, tenant: tenant, operation: .userRemoval, at: seconds, BatchPayload([TestUser.removal(id)]))
    }

    @Test("deactivates and deletes nothing; again, it is removed too", arguments: DirectoryDriver.all)
    func deactivates(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        try await it.apply(BatchWork([TestUser("a", "a@x.example"), TestUser("b", "b@x.example")]))
        it.clock.advance()
        #expect(try await it.apply(removal(2, "a", at: 5))[0].users == [AppliedUser(index: 0, outcome: .removed, crmUserID: 1)])
        #expect(
            try it.users("is_active", "sync_time", "updated_at", "last_synced_at")[0]
                == ["0", "2025-08-19T10:00:05.000Z", "2025-08-19T10:16:41.000Z", "2025-08-19T10:16:41.000Z"])
        #expect(try it.users("is_active")[1] == ["1"])
        it.clock.advance()
        #expect(try await it.outcomes(removal(3, "a", at: 6)) == ["removed"])
        #expect(
            try it.users("sync_time", "updated_at", "last_synced_at")[0]
                == ["2025-08-19T10:00:06.000Z", "2025-08-19T10:16:41.000Z", "2025-08-19T10:16:42.000Z"])
    }

    @Test("of an unknown user fails, also where another tenant has that id", arguments: DirectoryDriver.all)
    func unknown(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        try await it.apply(BatchWork(tenant: "t2", [TestUser("a", "a@x.example")]))
        #expect(try await it.outcomes(removal(2, "a", at: 5)) == ["user_not_found"])
        #expect(try await it.outcomes(removal(3, "nobody", at: 5)) == ["user_not_found"])
        #expect(try it.users("is_active") == [["1"]])
    }

    @Test("older than what was applied is stale; a late older sync does not reactivate", arguments: DirectoryDriver.all)
    func order(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        try await it.apply(BatchWork(at: 10, [TestUser("a", "a@x.example", [.isActive: .yes])]))
        #expect(try await it.outcomes(removal(2, "a", at: 9)) == ["stale"])
        #expect(try it.users("is_active") == [["1"]])
        #expect(try await it.outcomes(removal(3, "a", at: 20)) == ["removed"])
        #expect(try await it.outcomes(BatchWork(job: 4, at: 19, [TestUser("a", "a@x.example", [.isActive: .yes])])) == ["stale"])
        #expect(try it.users("is_active") == [["0"]])
        #expect(
            try await it.outcomes(BatchWork(job: 5, at: 21, [TestUser("a", "a@x.example", [.isActive: .yes])])) == ["updated"])
        #expect(try it.users("is_active") == [["1"]])
    }
}
