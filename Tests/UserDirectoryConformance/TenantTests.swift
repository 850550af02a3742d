import SyncModel
import TestSupport
import Testing
import UserDirectory

@Suite("Tenants never touch")
struct TenantTests {
    @Test("the same wrapper id in two tenants is two users", arguments: DirectoryDriver.all, EmailScope.allCases)
    func sameID(driver: DirectoryDriver, scope: EmailScope) async throws {
        let it = try await driver.make(scope)
        try await it.apply(BatchWork(tenant: "t1", [TestUser("a", "a@one.example", name: "One")]))
        #expect(
            try await it.outcomes(BatchWork(job: 2, tenant: "t2", [TestUser("a", "a@two.example", name: "Two")])) == ["created"])
        #expect(
            try await it.outcomes(BatchWork(job: 3, tenant: "t2", [TestUser("a", "b@two.example", name: "Too")])) == ["updated"])
        #expect(
            try it.users("tenant_id", "email", "name") == [["t1", "a@one.example", "One"], ["t2", "b@two.example", "Too"]])
    }

    @Test(
        "global: another tenant's email is refused on creation and on change, and its row stays", arguments: DirectoryDriver.all)
    func globalEmail(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        try await it.apply(BatchWork(tenant: "t1", [TestUser("a", "a@x.example"), TestUser("b", "b@x.example")]))
        try await it.apply(BatchWork(job: 2, tenant: "t2", [TestUser("c", "c@x.example")]))
        let before = try it.rows("users")
        let elsewhere = "email_in_other_tenant"
        it.clock.advance()
        #expect(
            try await it.outcomes(
                BatchWork(
                    job: 3, tenant: "t2",
                    [
                        TestUser("a", "A@x.example", name: "!"), TestUser(nil, "a@x.example", name: "!"),
                        TestUser("new", "B@X.example", name: "!"), TestUser("c", "b@x.example", name: "!"),
                    ])) == [elsewhere, elsewhere, elsewhere, elsewhere])
        #expect(
            try await it.outcomes(
                BatchWork(job: 4, tenant: "t2", isLastPass: true, [TestUser("c", "b@x.example", name: "!")])) == [elsewhere])
        #expect(try it.rows("users") == before)
    }

    @Test("global: another tenant's email in mixed case is refused as well", arguments: DirectoryDriver.all)
    func globalMixedCase(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        try it.execute("INSERT INTO users (email, name, tenant_id) VALUES ('Bob@X.example', 'Bob', 't1')")
        try await it.apply(BatchWork(tenant: "t2", [TestUser("c", "c@x.example")]))
        #expect(
            try await it.outcomes(
                BatchWork(job: 2, tenant: "t2", [TestUser("b", "bob@x.example"), TestUser("c", "BOB@x.example")]))
                == ["email_in_other_tenant", "email_in_other_tenant"])
        #expect(try it.people() == ["- Bob@X.example"])
        #expect(try it.people(of: "t2") == ["c c@x.example"])
        // Its own tenant finds it, and its spelling becomes the one stored.
        #expect(
            try await it.outcomes(BatchWork(job: 3, tenant: "t1", [TestUser("b", "BOB@x.example", name: "Bob")])) == ["updated"])
        #expect(try it.people() == ["b bob@x.example"])
    }

    @Test("an email in mixed case is found also after a row of new users", arguments: DirectoryDriver.all, EmailScope.allCases)
    func mixedCaseAmongNew(driver: DirectoryDriver, scope: EmailScope) async throws {
        let it = try await driver.make(scope)
        try it.execute("INSERT INTO users (email, name, tenant_id) VALUES ('Bob@X.example', 'Bob', 't1')")
        let new = (0..<5).map { TestUser("n\($0)", "n\($0)@x.example") }
        #expect(try await it.outcomes(BatchWork(new + [TestUser("b", "bob@x.example")])).last == "updated")
        #expect(try it.people().first == "b bob@x.example" && it.people().count == 6)
    }

    @Test("tenant: the same email may stand in several tenants, once in each", arguments: DirectoryDriver.all)
    func tenantEmail(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.tenant)
        for (job, tenant) in (["t1", "t2", "t3"] as [TenantID]).enumerated() {
            #expect(
                try await it.outcomes(
                    BatchWork(job: job + 1, tenant: tenant, [TestUser("a", "A@x.example"), TestUser("b", "b@x.example")]))
                    == ["created", "created"])
        }
        #expect(try await it.outcomes(BatchWork(job: 9, tenant: "t2", [TestUser("b", "c@x.example")])) == ["updated"])
        #expect(
            try await it.outcomes(BatchWork(job: 10, tenant: "t2", [TestUser("new", "a@x.example", name: "Took")]).alone) == [
                "updated"
            ]
        )
        #expect(try it.people(of: "t2") == ["new a@x.example", "b c@x.example"])
        #expect(try it.people(of: "t1") == ["a a@x.example", "b b@x.example"])
        #expect(try it.people(of: "t3") == ["a a@x.example", "b b@x.example"])
    }

    @Test("those who wait and the ledger are its own, whatever other tenants ask for", arguments: DirectoryDriver.all)
    func claims(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.tenant)
        for (job, tenant) in [(1, "t1"), (2, "t2")] as [(Int, TenantID)] {
            try await it.apply(BatchWork(job: job, tenant: tenant, [TestUser("a", "a@x.example"), TestUser("b", "b@x.example")]))
        }
        // Both swap at once; only t1 reaches its last pass.
        let swap = [TestUser("a", "b@x.example"), TestUser("b", "a@x.example")]
        #expect(try await it.outcomes(BatchWork(job: 3, tenant: "t1", swap)) == ["deferred", "deferred"])
        #expect(try await it.outcomes(BatchWork(job: 4, tenant: "t2", swap)) == ["deferred", "deferred"])
        #expect(
            try await it.outcomes(BatchWork(job: 3, number: 1, tenant: "t1", isLastPass: true, swap)) == ["updated", "updated"])
        #expect(try it.people(of: "t1") == ["a b@x.example", "b a@x.example"])
        #expect(try it.people(of: "t2") == ["a a@x.example", "b b@x.example"])
    }

    @Test("a tenant has users once one was written, by whomever, and no other name of it has", arguments: DirectoryDriver.all)
    func hasUsers(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        #expect(try await !it.directory.hasUsers(of: "t1"))
        try await it.apply(BatchWork(tenant: "t1", [TestUser("a", "a@one.example")]))
        #expect(try await it.directory.hasUsers(of: "t1"))
        for other: TenantID in ["t2", "T1", "t1 ", "t", ""] { #expect(try await !it.directory.hasUsers(of: other)) }
        try it.execute("UPDATE users SET tenant_id = 't2'")
        #expect(try await it.directory.hasUsers(of: "t2"))
        #expect(try await !it.directory.hasUsers(of: "t1"))
    }

    @Test("a removal that came before its user counts as one, as long as it is remembered", arguments: DirectoryDriver.all)
    func hasEarlyRemovals(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        let removal = BatchWork(job: 1, tenant: "t1", operation: .userRemoval, at: 1, BatchPayload([TestUser.removal("a")]))
        #expect(try await it.outcomes(removal) == ["user_not_found"])
        #expect(try await it.directory.hasUsers(of: "t1"))
        #expect(try await !it.directory.hasUsers(of: "t2"))
        try it.execute("DELETE FROM usersync_removals")
        #expect(try await !it.directory.hasUsers(of: "t1"))
    }
}
