import SyncModel
import TestSupport
import Testing
import UserDirectory

@Suite("Removals of tenants that become one")
struct MergeRemovalTests {
    private func removal(_ job: Int, _ id: String, _ tenant: TenantID, at seconds: Int64) -> BatchWork {
        BatchWork(job: job, tenant: tenant, operation: .userRemoval, at: seconds, BatchPayload([TestUser.removal(id)]))
    }

    @Test("one that came by the wrong name is obeyed, unless the target's news is newer", arguments: DirectoryDriver.allThatMerge)
    func wrongName(driver: DirectoryDriver) async throws {
        for (id, at, isActive) in [("u1", 20, "0"), ("kp_1", 20, "0"), ("u1", 10, "1"), ("u1", 5, "1"), ("u2", 20, "1")]
            as [(String, Int64, String)]
        {
            let it = try await driver.make(.tenant)
            try await it.apply(BatchWork(tenant: "t", at: 10, [TestUser("u1", "ann@x.example", [.kindeUserID: .text("kp_1")])]))
            #expect(try await it.outcomes(removal(2, id, "a", at: at)) == ["user_not_found"])
            it.clock.advance()
            let merge = try await it.directory.merge("a", into: "t", now: it.clock.now)
            #expect(merge.removed == (isActive == "0" ? 1 : 0), "\(id) \(at)")
            #expect(try it.users("is_active") == [[isActive]])
            // The removal is the target's from now on.
            #expect(try it.rows("usersync_removals").map { $0["tenant_id"] } == ["t"])
            let late = BatchWork(job: 3, tenant: "t", at: 15, [TestUser(id, "other@x.example", [.isActive: .yes])])
            let news = BatchWork(job: 4, tenant: "t", at: 25, [TestUser("u1", "ann@x.example", [.isActive: .yes])])
            if id == "u1", at == 20 { #expect(try await it.outcomes(late) == ["stale"]) }
            if id == "u2" {
                #expect(try await it.outcomes(late) == ["created"])
                #expect(try it.users("is_active")[1] == ["0"], "an older sync of who was removed")
            }
            _ = try await it.outcomes(news)
            #expect(try it.users("is_active")[0] == ["1"])
        }
    }

    @Test("one of the target's is obeyed by a row that comes", arguments: DirectoryDriver.allThatMerge)
    func ofTarget(driver: DirectoryDriver) async throws {
        for (at, isActive) in [(20, "0"), (5, "1")] as [(Int64, String)] {
            for isJoined in [false, true] {
                let it = try await driver.make(.tenant)
                try await it.apply(BatchWork(tenant: "a", at: 10, [TestUser("u1", "ann@x.example")]))
                if isJoined { try await it.apply(BatchWork(job: 2, tenant: "t", at: 10, [TestUser("kp_1", "ann@x.example")])) }
                #expect(try await it.outcomes(removal(3, "u1", "t", at: at)) == ["user_not_found"])
                it.clock.advance()
                let merge = try await it.directory.merge("a", into: "t", now: it.clock.now)
                #expect(merge.removed == (isActive == "0" ? 1 : 0) && merge.joined == (isJoined ? 1 : 0))
                #expect(try it.rows("users").filter { $0["tenant_id"] == "t" }.map { $0["is_active"] } == [isActive])
            }
        }
    }

    @Test("a user removed from the tenant later than the target's news is inactive", arguments: DirectoryDriver.allThatMerge)
    func removedLater(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.tenant)
        for (job, tenant) in [(1, "a"), (2, "t")] as [(Int, TenantID)] {
            try await it.apply(BatchWork(job: job, tenant: tenant, at: 10, [TestUser("u1", "ann@x.example")]))
        }
        it.clock.advance()
        #expect(try await it.outcomes(removal(3, "u1", "a", at: 20)) == ["removed"])
        let merge = try await it.directory.merge("a", into: "t", now: it.clock.now)
        #expect(merge.deactivated == 1 && merge.removed == 0)
        #expect(try it.users("is_active", "sync_time")[1] == ["0", Timestamp.at(20).iso8601])
        let late = BatchWork(job: 4, tenant: "t", at: 15, [TestUser("u1", "ann@x.example", [.isActive: .yes])])
        #expect(try await it.outcomes(late) == ["stale"])
    }

    @Test("of two of one id the later is kept; one past its retention is not obeyed", arguments: DirectoryDriver.allThatMerge)
    func kept(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.tenant, retentionDays: 1)
        try await it.apply(BatchWork(tenant: "t", at: 10, [TestUser("u1", "ann@x.example")]))
        try await it.apply(removal(2, "u1", "a", at: 20), removal(3, "u9", "a", at: 30), removal(4, "u9", "t", at: 40))
        try await it.apply(removal(5, "u8", "a", at: 50), removal(6, "u8", "t", at: 40), removal(7, "u9", "o", at: 60))
        it.clock.advance(2 * 86_400)
        #expect(try await it.directory.merge("a", into: "t", now: it.clock.now).removed == 0)
        #expect(try it.users("is_active") == [["1"]])
        let kept = try MergeWorld(of: it, scope: .tenant).removals.map { "\($0.tenant) \($0.id) \($0.at)" }.sorted()
        #expect(kept == ["o u9 60", "t u1 20", "t u8 50", "t u9 40"])
    }
}
