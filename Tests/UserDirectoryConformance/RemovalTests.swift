import SyncModel
import TestSupport
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

    @Test("a Kinde id is looked for among kinde ids; of several rows it is a conflict", arguments: DirectoryDriver.all)
    func kinde(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        try await it.apply(
            BatchWork([
                TestUser("a", "a@x.example", [.kindeUserID: .text("b")]), TestUser("b", "b@x.example"),
                TestUser("c", "c@x.example", [.kindeUserID: .text("kp_1")]),
                TestUser("d", "d@x.example", [.kindeUserID: .text("kp_2")]),
                TestUser("e", "e@x.example", [.kindeUserID: .text("kp_2")]),
            ]))
        try await it.apply(BatchWork(job: 2, tenant: "t2", [TestUser("z", "z@x.example", [.kindeUserID: .text("kp_1")])]))
        #expect(try await it.outcomes(removal(3, "b", at: 5)) == ["removed"], "by the wrapper id alone")
        #expect(try await it.outcomes(removal(4, "kp_1", at: 5)) == ["removed"])
        #expect(try await it.outcomes(removal(5, "kp_2", at: 5)) == ["identity_conflict"])
        #expect(try it.users("is_active") == [["1"], ["0"], ["0"], ["1"], ["1"], ["1"]])
    }

    @Test("what stands as kindeUserId and is no Kinde id identifies nobody, now or later", arguments: DirectoryDriver.all)
    func noKindeID(driver: DirectoryDriver) async throws {
        for text in ["undefined", "null", " ", "pending_77", "KP_1", "kp"] {
            let it = try await driver.make(.global)
            try await it.apply(BatchWork([TestUser("a", "a@x.example", [.kindeUserID: .text(text)])]))
            #expect(try await it.outcomes(removal(2, text, at: 9)) == ["user_not_found"], "\(text)")
            let late = TestUser("b", "b@x.example", [.kindeUserID: .text(text), .isActive: .yes])
            let applied = try await it.apply(BatchWork(job: 3, at: 8, [late]).alone)[0].users
            #expect(applied.map(\.outcome) == [.created] && applied[0].detail == nil, "\(text)")
            #expect(try it.users("is_active") == [["1"], ["1"]], "\(text)")
        }
    }

    /// Rows and records of earlier versions may have them.
    @Test("of no id fails, whatever rows have it as their platform id, and is not remembered", arguments: DirectoryDriver.all)
    func noID(driver: DirectoryDriver) async throws {
        for text in ["undefined", "null", " ", "undefined null", "\u{A0}"] {
            let it = try await driver.make(.global)
            try await it.apply(BatchWork([TestUser(text, "a@x.example")]))
            #expect(try await it.outcomes(removal(2, text, at: 5)) == ["user_not_found"], "\(text)")
            #expect(try await it.outcomes(BatchWork(job: 3, tenant: "t2", [TestUser("x", "x@two.example")])) == ["created"])
            #expect(try await it.outcomes(removal(4, text, at: 9)) == ["user_not_found"])
            #expect(try await it.outcomes(BatchWork(job: 5, at: 8, [TestUser(text, "a@x.example")]).alone) == ["unchanged"])
            #expect(try it.users("is_active") == [["1"], ["1"]], "\(text)")
        }
    }

    @Test(
        "of an id that comes later is remembered: an older sync creates the user inactive and says so",
        arguments: DirectoryDriver.all)
    func early(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        try await it.apply(BatchWork([TestUser(nil, "adopted@x.example"), TestUser("old", "taken@x.example")]))
        for (job, id) in ["a", "kp_x", "b", "c"].enumerated() {
            #expect(try await it.outcomes(removal(10 + job, id, at: 9)) == ["user_not_found"])
        }
        #expect(try await it.outcomes(removal(20, "a", at: 7)) == ["user_not_found"], "an older one takes nothing back")
        let users = [
            TestUser("a", "a@x.example", [.isActive: .yes]), TestUser("x", "x@x.example", [.kindeUserID: .text("kp_x")]),
            TestUser("b", "adopted@x.example"), TestUser("c", "taken@x.example"), TestUser("free", "free@x.example"),
        ]
        let applied = try await it.apply(BatchWork(job: 21, at: 8, users).alone)[0].users
        #expect(applied.map(\.outcome) == [.created, .created, .updated, .updated, .created])
        #expect(applied.map { $0.detail != nil } == [true, true, true, true, false])
        #expect(
            try it.users("wrapper_user_id", "is_active").sorted { $0[0] ?? "" < $1[0] ?? "" } == [
                ["a", "0"], ["b", "0"], ["c", "0"], ["free", "1"], ["x", "0"],
            ])
        // It is as if the removal had come after: an older sync is stale, a newer one brings the user back.
        #expect(
            try await it.outcomes(BatchWork(job: 22, at: 8, [TestUser("a", "a@x.example", [.isActive: .yes])]).alone) == ["stale"]
        )
        #expect(
            try await it.outcomes(BatchWork(job: 23, at: 10, [TestUser("a", "a@x.example", [.isActive: .yes])]).alone)
                == ["updated"])
        #expect(
            try await it.outcomes(BatchWork(job: 24, tenant: "t2", at: 1, [TestUser("a", "a@two.example")])) == ["created"])
        #expect(try it.rows("users").last?["is_active"] == "1", "another tenant's id is another's")
    }

    @Test("of a moment that the clock has not come to is not believed", arguments: DirectoryDriver.all)
    func ahead(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        let now: Int64 = 1_000
        for (id, time) in [("far", now + 301), ("near", now + 300)] {
            #expect(try await it.outcomes(removal(1, id, at: time)) == ["user_not_found"])
            try await it.directory.forget([.test(1)])
        }
        let both = [TestUser("far", "far@x.example"), TestUser("near", "near@x.example")]
        #expect(try await it.outcomes(BatchWork(job: 2, at: now, both).alone) == ["created", "created"])
        #expect(try it.users("is_active") == [["1"], ["0"]])
        // Nor does it hide one that came at its time.
        for time in [now + 9_999, now] {
            #expect(try await it.outcomes(removal(3, "later", at: time)) == ["user_not_found"])
            try await it.directory.forget([.test(3)])
        }
        let later = [TestUser("later", "later@x.example")]
        #expect(try await it.outcomes(BatchWork(job: 4, at: now - 1, later).alone) == ["created"])
        #expect(try it.users("is_active").last == ["0"])
    }

    @Test("is remembered as long as job records are", arguments: DirectoryDriver.all)
    func retention(driver: DirectoryDriver) async throws {
        for (days, isActive) in [(0.001, "1"), (1, "0")] {
            let it = try await driver.make(.global, retentionDays: days)
            #expect(try await it.outcomes(removal(1, "a", at: 9)) == ["user_not_found"])
            for _ in 0..<100 { it.clock.advance() }
            #expect(try await it.outcomes(BatchWork(job: 2, at: 8, [TestUser("a", "a@x.example")])) == ["created"])
            #expect(try it.users("is_active") == [[isActive]])
            try await it.directory.forget([.test(1)])
            #expect(try it.rows("usersync_removals").count == (days < 1 ? 0 : 1))
        }
    }
}
