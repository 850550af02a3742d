import SyncModel
import TestSupport
import Testing
import UserDirectory

@Suite("Making two tenants one")
struct MergeTests {
    typealias Row = MergeWorld.Row

    private func merge(_ it: any DirectoryFixture) async throws -> UserMerge {
        try await it.directory.merge("a", into: "t", now: it.clock.now)
    }

    private func counts(moved: Int = 0, joined: Int = 0) -> UserMerge {
        var merge = UserMerge()
        (merge.moved, merge.joined) = (moved, joined)
        return merge
    }

    @Test(
        "who is unknown to the target becomes its user: only tenant and updated_at change",
        arguments: DirectoryDriver.allThatMerge)
    func moved(driver: DirectoryDriver) async throws {
        for scope in EmailScope.allCases {
            let it = try await driver.make(scope)
            let users = [TestUser("u1", "ann@x.example", [.isAdmin: .yes]), TestUser("kp_2", "bob@x.example", [.isActive: .no])]
            try await it.apply(BatchWork(job: 1, tenant: "a", users).alone)
            try await it.apply(BatchWork(job: 2, tenant: "t", [TestUser("u3", "cid@x.example")]).alone)
            try await it.apply(BatchWork(job: 3, tenant: "o", [TestUser("u1", "ann@o.example")]).alone)
            let (before, logs) = (try it.rows("users"), try it.rows("sync_logs"))
            it.clock.advance()
            #expect(try await it.directory.previewMerge(of: "a", into: "t") == counts(moved: 2))
            #expect(try it.rows("users") == before)
            #expect(try await merge(it) == counts(moved: 2))
            var wanted = before
            for at in [0, 1] {
                wanted[at]["tenant_id"] = "t"
                wanted[at]["updated_at"] = it.clock.now.iso8601
            }
            #expect(try it.rows("users") == wanted)
            #expect(try it.rows("sync_logs").map { $0["tenant_id"] } == ["t", "t", "o"] && logs.count == 3)
            #expect(try await merge(it) == UserMerge())
            #expect(try it.rows("users") == wanted)
            #expect(try await !it.directory.hasUsers(of: "a"))
            // They are found by the target's jobs, and are nobody else's.
            #expect(try await it.outcomes(BatchWork(job: 4, tenant: "t", at: 9, users).alone) == ["unchanged", "unchanged"])
        }
    }

    @Test(
        "one person by the platform id, by the Kinde id, by the email: the target's row stays and gets the ids that it lacks",
        arguments: DirectoryDriver.allThatMerge)
    func joined(driver: DirectoryDriver) async throws {
        let cases: [(a: Row, t: Row, ids: [String?])] = [
            (Row(key: 1, platformID: "u1", kindeID: "kp_1"), Row(key: 2, platformID: "u1"), ["u1", "kp_1"]),
            (Row(key: 1, platformID: "u1", kindeID: "kp_1"), Row(key: 2, kindeID: "kp_1"), ["u1", "kp_1"]),
            (Row(key: 1, email: "Ann@x.example", platformID: "u1"), Row(key: 2, email: "ann@x.example"), ["u1", nil]),
            (Row(key: 1, email: "ann@x.example", kindeID: "kp_1"), Row(key: 2, email: "aNN@x.example"), [nil, "kp_1"]),
            (
                Row(key: 1, email: "ANN@x.example", kindeID: "kp_1"), Row(key: 2, email: "aNN@x.example", kindeID: "undefined"),
                [nil, "kp_1"]
            ),
            (Row(key: 1, platformID: "kp_1"), Row(key: 2, platformID: "u1", kindeID: "kp_1"), ["u1", "kp_1"]),
            (Row(key: 1, kindeID: "kp_1"), Row(key: 2, platformID: "kp_1"), ["kp_1", nil]),
            (
                Row(key: 1, email: "ann@x.example", platformID: "kp_1"), Row(key: 2, email: "Ann@x.example", platformID: "u1"),
                ["u1", "kp_1"]
            ),
        ]
        for (at, one) in cases.enumerated() {
            for scope in EmailScope.allCases {
                let it = try await driver.make(scope)
                var (a, t) = (one.a, one.t)
                (a.isAdmin, a.roles, a.department, a.tenant) = (true, #"["owner"]"#, "Board", "a")
                (t.tenant, t.department) = ("t", "Sales")
                if a.email.isEmpty { (a.email, t.email) = ("old@x.example", "new@x.example") }
                try MergeWorld(scope, [a, t]).store(in: it)
                var wanted = counts(joined: 1)
                wanted.withOtherRights = 1
                #expect(try await merge(it) == wanted, "case \(at)")
                #expect(
                    try it.users("wrapper_user_id", "kinde_user_id", "is_admin", "roles", "department", "email", "name")[1]
                        == one.ids + ["0", "[]", "Sales", t.email, "N2"], "case \(at)")
                #expect(
                    try it.users("tenant_id", "is_active", "is_admin", "email", "sync_time", "last_synced_at")[0]
                        == ["a", "0", "1", a.email, it.clock.now.iso8601, it.clock.now.iso8601], "case \(at)")
            }
        }
    }

    @Test("an admin of the target stays admin", arguments: DirectoryDriver.allThatMerge)
    func admin(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.tenant)
        try await it.apply(BatchWork(tenant: "t", at: 1, [TestUser("u1", "ann@x.example", [.isAdmin: .yes])]))
        it.clock.advance()
        try await it.apply(
            BatchWork(job: 2, tenant: "a", at: 2, [TestUser("u1", "ann@x.example", name: "Anna", [.isAdmin: .no])]))
        var wanted = counts(joined: 1)
        wanted.withOtherRights = 1
        #expect(try await merge(it) == wanted)
        #expect(try it.users("name", "is_admin", "is_active")[0] == ["Name", "1", "1"])
    }

    @Test(
        "active is who was active at the last of both, and older news than both had stays out",
        arguments: DirectoryDriver.allThatMerge)
    func news(driver: DirectoryDriver) async throws {
        let cases: [(a: (seen: Int?, isActive: Bool), t: (seen: Int?, isActive: Bool), isActive: Bool)] = [
            ((20, false), (10, true), false), ((10, false), (20, true), true), ((20, true), (10, false), true),
            ((10, false), (10, true), true), ((nil, false), (nil, true), true), ((5, false), (nil, true), false),
            // No clock can have said that.
            ((5_000, false), (10, true), true), ((10, false), (5_000, true), false),
        ]
        for (at, one) in cases.enumerated() {
            let it = try await driver.make(.tenant)
            try MergeWorld(
                .tenant,
                [
                    Row(
                        key: 1, email: "a@x.example", platformID: "u1", isActive: one.a.isActive, seen: one.a.seen,
                        news: one.a.seen),
                    Row(
                        key: 2, tenant: "t", email: "a@x.example", platformID: "u1", isActive: one.t.isActive, seen: one.t.seen,
                        news: one.t.seen),
                ]
            ).store(in: it)
            let merge = try await merge(it)
            let isActive = try it.users("is_active")[1] == ["1"]
            #expect(isActive == one.isActive, "case \(at)")
            #expect(merge.deactivated == (one.t.isActive && !isActive ? 1 : 0), "case \(at)")
            #expect(merge.reactivated == (!one.t.isActive && isActive ? 1 : 0), "case \(at)")
            let late = BatchWork(tenant: "t", at: 4, [TestUser("u1", "a@x.example", [.isActive: isActive ? .no : .yes])])
            if at != 4 { #expect(try await it.outcomes(late) == ["stale"], "case \(at)") }
        }
    }

    @Test("an older list that came later brings nobody back who was removed since", arguments: DirectoryDriver.allThatMerge)
    func lateList(driver: DirectoryDriver) async throws {
        for scope in [EmailScope.tenant, .global] {
            let it = try await driver.make(scope)
            try MergeWorld(
                scope,
                [
                    Row(key: 1, email: "old@x.example", platformID: "u1", seen: 40, news: 10),
                    Row(key: 2, tenant: "t", email: "new@x.example", platformID: "u1", isActive: false, seen: 30, news: 20),
                ]
            ).store(in: it)
            #expect(try await merge(it) == counts(joined: 1))
            #expect(try it.users("is_active", "email")[1] == ["0", "new@x.example"])
        }
    }

    @Test("a row left behind that is written again is a user again", arguments: DirectoryDriver.allThatMerge)
    func again(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.tenant)
        for (job, tenant) in [(1, "a"), (2, "t")] as [(Int, TenantID)] {
            try await it.apply(BatchWork(job: job, tenant: tenant, [TestUser("u1", "ann@x.example")]))
        }
        #expect(try await merge(it) == counts(joined: 1))
        #expect(try await !it.directory.hasUsers(of: "a"), "it is nobody's user")
        it.clock.advance()
        let back = BatchWork(job: 3, tenant: "a", at: 2_000, [TestUser("u1", "ann@x.example", [.isActive: .no])])
        #expect(try await it.outcomes(back) == ["unchanged"])
        #expect(try await it.directory.hasUsers(of: "a"))
        it.clock.advance()
        var wanted = counts(joined: 1)
        wanted.deactivated = 1
        #expect(try await merge(it) == wanted)
        #expect(try it.users("is_active") == [["0"], ["0"]])
    }

    @Test("with one scope for all emails the address of the newer row goes with it", arguments: DirectoryDriver.allThatMerge)
    func address(driver: DirectoryDriver) async throws {
        for isNewer in [true, false] {
            let it = try await driver.make(.global)
            try MergeWorld(
                .global,
                [
                    Row(key: 1, email: "new@x.example", platformID: "u1", seen: isNewer ? 20 : 5),
                    Row(key: 2, tenant: "t", email: "old@x.example", platformID: "u1", seen: 10),
                ]
            ).store(in: it)
            #expect(try await merge(it) == counts(joined: 1))
            let (newer, other) = isNewer ? ("new@x.example", "old@x.example") : ("old@x.example", "new@x.example")
            #expect(try it.users("email") == [[other], [newer]])
            let next = BatchWork(tenant: "t", at: 30, [TestUser("u1", newer)])
            #expect(try await it.outcomes(next) == ["updated"], "its next news is taken")
        }
    }

    @Test("a tenant and itself, and two without users", arguments: DirectoryDriver.allThatMerge)
    func nothing(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        try await it.apply(BatchWork(tenant: "t", [TestUser("u1", "ann@x.example")]))
        let before = try it.rows("users")
        it.clock.advance()
        #expect(try await it.directory.previewMerge(of: "t", into: "t") == UserMerge())
        #expect(try await it.directory.merge("t", into: "t", now: it.clock.now) == UserMerge())
        #expect(try await merge(it) == UserMerge())
        #expect(try await it.directory.previewMerge(of: "T", into: "t") == UserMerge())
        #expect(try it.rows("users") == before)
    }
}
