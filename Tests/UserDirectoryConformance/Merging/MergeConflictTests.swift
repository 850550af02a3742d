import SyncModel
import TestSupport
import Testing
import UserDirectory

@Suite("Tenants that cannot be made one")
struct MergeConflictTests {
    typealias Row = MergeWorld.Row
    typealias Known = UserMerge.Row

    /// Nothing may be changed, and the preview says the same.
    private func conflicts(_ driver: DirectoryDriver, _ rows: [Row], _ scope: EmailScope = .tenant) async throws -> [UserMerge
        .Conflict]
    {
        let it = try await driver.make(scope)
        let free = [
            Row(key: 90, email: "free@x.example", platformID: "u90"), Row(key: 91, email: "own@x.example"),
            Row(key: 92, tenant: "t", email: "own@x.example"),
        ]
        try MergeWorld(scope, rows + (scope == .tenant ? free : []), removals: [.init(tenant: "a", id: "x", at: 1)]).store(in: it)
        let before = (try it.rows("users"), try it.rows("usersync_removals"))
        it.clock.advance()
        let preview = try await it.directory.previewMerge(of: "a", into: "t")
        let merge = try await it.directory.merge("a", into: "t", now: it.clock.now)
        #expect(preview == merge)
        #expect(scope == .global || (merge.moved, merge.joined) == (1, 1))
        #expect(merge.conflicts == merge.firstConflicts.count)
        #expect(try it.rows("users") == before.0)
        #expect(try it.rows("usersync_removals") == before.1)
        return merge.firstConflicts
    }

    private func of(_ key: Int, _ row: Row) -> Row {
        var row = row
        row.key = key
        if row.email.isEmpty { row.email = "e\(key)@x.example" }
        return row
    }

    private func a(_ key: Int, _ platformID: String? = nil, _ kindeID: String? = nil, email: String = "") -> Row {
        of(key, Row(key: 0, email: email, platformID: platformID, kindeID: kindeID))
    }

    private func t(_ key: Int, _ platformID: String? = nil, _ kindeID: String? = nil, email: String = "") -> Row {
        of(key, Row(key: 0, tenant: "t", email: email, platformID: platformID, kindeID: kindeID))
    }

    private func known(_ key: Int, _ platformID: String? = nil, _ kindeID: String? = nil) -> Known {
        Known(crmUserID: Int64(key), platformID: platformID, kindeID: kindeID)
    }

    @Test("several rows of the target are one person's", arguments: DirectoryDriver.allThatMerge)
    func severalOfTarget(driver: DirectoryDriver) async throws {
        for two in [
            [t(2, "u1"), t(3, nil, "kp_1")], [t(2, "u1"), t(3, email: "Ann@x.example")],
            [t(2, nil, "kp_1"), t(3, nil, "kp_1")], [t(2, email: "ANN@x.example"), t(3, email: "ann@x.example")],
        ] {
            let found = try await conflicts(driver, [a(1, "u1", "kp_1", email: "ann@x.example")] + two)
            #expect(found.map(\.reason) == [.severalOfTarget])
            #expect(found[0].user == known(1, "u1", "kp_1") && found[0].other?.crmUserID == 2)
        }
    }

    @Test("several rows of the tenant are one person's", arguments: DirectoryDriver.allThatMerge)
    func severalOfTenant(driver: DirectoryDriver) async throws {
        for two in [
            [a(1, "u1"), a(2, nil, "kp_1")], [a(1, "u1"), a(2, email: "Ann@x.example")],
            [a(1, nil, "kp_1"), a(2, nil, "kp_1")], [a(1, email: "ANN@x.example"), a(2, email: "ann@x.example")],
        ] {
            let found = try await conflicts(driver, two + [t(3, "u1", "kp_1", email: "ann@x.example")])
            #expect(found.map(\.reason) == [.severalOfTenant, .severalOfTenant])
            #expect(found.map(\.user.crmUserID) == [1, 2] && found.allSatisfy { $0.other == known(3, "u1", "kp_1") })
        }
    }

    @Test("different ids of one kind", arguments: DirectoryDriver.allThatMerge)
    func otherID(driver: DirectoryDriver) async throws {
        let mail = "ann@x.example"
        for (one, other) in [
            (a(1, "u1", email: mail), t(2, "u2", email: mail)), (a(1, nil, "kp_1", email: mail), t(2, nil, "kp_2", email: mail)),
            (a(1, "u1", "kp_1"), t(2, "u1", "kp_2")), (a(1, "u1", "kp_1"), t(2, "u2", "kp_1")),
            (a(1, "kp_1", email: mail), t(2, "u1", "kp_2", email: mail)), (a(1, "u1", email: mail), t(2, "kp_2", email: mail)),
            (a(1, "kp_1", "kp_2"), t(2, nil, "kp_1")),
        ] {
            let found = try await conflicts(driver, [one, other])
            #expect(found.map(\.reason) == [.otherID])
            #expect(found.first?.user.crmUserID == 1 && found.first?.other?.crmUserID == 2)
        }
        #expect(try await conflicts(driver, [a(1, "u1", "kp_1"), t(2, "u1", "kp_2")], .global).map(\.reason) == [.otherID])
    }

    @Test("what the table keeps apart, and the server takes for no match", arguments: DirectoryDriver.allThatMerge)
    func refused(driver: DirectoryDriver) async throws {
        #expect(try await conflicts(driver, [a(1, ""), t(2, "")]).map(\.reason) == [.refusedByDatabase])
    }

    @Test("all are counted, twenty listed", arguments: DirectoryDriver.allThatMerge)
    func many(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.tenant)
        let rows = (1...30).flatMap { [a($0, "u\($0)", "kp_\($0)"), t(100 + $0, "u\($0)", "kp_x")] }
        try MergeWorld(.tenant, rows).store(in: it)
        let merge = try await it.directory.merge("a", into: "t", now: it.clock.now)
        #expect(merge.conflicts == 30 && merge.firstConflicts.map(\.user.crmUserID) == Array(1...20))
    }
}
