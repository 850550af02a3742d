import SyncModel
import TestSupport
import Testing
import UserDirectory

@Suite("What happens to a user")
struct UserRulesTests {
    @Test("a new user is created with what was sent, and the guide's defaults for the rest", arguments: DirectoryDriver.all)
    func creation(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        let full = TestUser(
            "a", "a@x.example", name: "Ann",
            [
                .kindeUserID: .text("kp_1"), .avatar: .text("https://x.example/a.jpg"), .isActive: .no, .isAdmin: .yes,
                .department: .text("Sales"), .title: .text(""), .lastActiveAt: .text("2025-08-19T10:00:00.000Z"),
                .roles: .text(#"[{"roleId":1}]"#), .permissions: .text(#"{"leads":["read"]}"#),
                .allowedApplications: .text(#"["crm"]"#), .subscriptionTier: .text("premium"),
            ])
        #expect(try await it.outcomes(BatchWork([full, TestUser(nil, "b@x.example", name: "Bob")])) == ["created", "created"])
        let rows = try it.rows("users")
        let expected: [String: String?] = [
            "id": "1", "email": "a@x.example", "name": "Ann", "kinde_user_id": "kp_1", "tenant_id": "t1", "is_active": "0",
            "is_admin": "1", "department": "Sales", "title": "", "roles": #"[{"roleId":1}]"#,
            "permissions": #"{"leads":["read"]}"#,
            "synced_from": "wrapper", "last_synced_at": "2025-08-19T10:16:40.000Z", "created_at": "2025-08-19T10:16:40.000Z",
            "updated_at": "2025-08-19T10:16:40.000Z", "wrapper_user_id": "a", "avatar": "https://x.example/a.jpg",
            "last_active_at": "2025-08-19T10:00:00.000Z", "allowed_applications": #"["crm"]"#, "subscription_tier": "premium",
            "sync_time": "2025-08-19T10:00:00.000Z",
        ]
        #expect(rows[0] == expected)
        for (column, value) in [
            "wrapper_user_id": nil, "kinde_user_id": nil, "is_active": "1", "is_admin": "0", "roles": "[]", "permissions": "[]",
            "department": nil, "avatar": nil, "synced_from": "wrapper",
        ] { #expect(rows[1][column] == .some(value), "\(column)") }
    }

    @Test(
        "an update writes what is present, keeps what is absent; null clears, or sets the default", arguments: DirectoryDriver.all
    )
    func update(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        let more: [UserField: TestUser.Value] = [
            .kindeUserID: .text("k"), .avatar: .text("v"), .isActive: .no, .isAdmin: .yes, .department: .text("d"),
            .title: .text("t"), .lastActiveAt: .text("2025-01-01"), .roles: .text("[1]"), .permissions: .text("[2]"),
            .allowedApplications: .text("[3]"), .subscriptionTier: .text("s"),
        ]
        try await it.apply(BatchWork([TestUser("a", "a@x.example", name: "Old", more)]))
        let before = try it.rows("users")[0]
        it.clock.advance()
        #expect(try await it.outcomes(BatchWork(job: 2, [TestUser("a", "a@x.example", name: "New")])) == ["updated"])
        var after = try it.rows("users")[0]
        #expect(after["name"] == "New")
        #expect(after["updated_at"] == "2025-08-19T10:16:41.000Z" && after["last_synced_at"] == after["updated_at"])
        for column in ["name", "updated_at", "last_synced_at"] { after[column] = before[column] }
        #expect(after == before, "absent fields keep their value")

        let nulls = more.mapValues { _ in TestUser.Value.null }
        #expect(try await it.outcomes(BatchWork(job: 3, [TestUser("a", "a@x.example", name: "New", nulls)])) == ["updated"])
        let cleared = try it.rows("users")[0]
        for column in [
            "kinde_user_id", "avatar", "department", "title", "last_active_at", "allowed_applications", "subscription_tier",
        ] { #expect(cleared[column] == .some(nil), "\(column)") }
        #expect(cleared["is_active"] == "1" && cleared["is_admin"] == "0")
        #expect(cleared["roles"] == "[]" && cleared["permissions"] == "[]")
        #expect(cleared["wrapper_user_id"] == "a")
    }

    @Test("each field alone is seen to differ, and is written", arguments: DirectoryDriver.all)
    func everyField(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        try await it.apply(BatchWork([TestUser("a", "a@x.example", [.isActive: .yes, .isAdmin: .no])]))
        let columns: [(UserField, TestUser.Value, String, String)] = [
            (.kindeUserID, .text("k"), "kinde_user_id", "k"), (.avatar, .text("v"), "avatar", "v"),
            (.isActive, .no, "is_active", "0"), (.isAdmin, .yes, "is_admin", "1"), (.department, .text("d"), "department", "d"),
            (.title, .text("t"), "title", "t"),
            (.lastActiveAt, .text("2025-01-01T00:00:00.000Z"), "last_active_at", "2025-01-01T00:00:00.000Z"),
            (.roles, .text("[1]"), "roles", "[1]"), (.permissions, .text("[2]"), "permissions", "[2]"),
            (.allowedApplications, .text("[3]"), "allowed_applications", "[3]"),
            (.subscriptionTier, .text("s"), "subscription_tier", "s"),
        ]
        for (job, (field, value, column, stored)) in columns.enumerated() {
            let user = TestUser("a", "a@x.example", [field: value])
            #expect(try await it.outcomes(BatchWork(job: 10 + job, [user])) == ["updated"], "\(field)")
            #expect(try it.rows("users")[0][column] == stored, "\(field)")
            #expect(try await it.outcomes(BatchWork(job: 50 + job, [user])) == ["unchanged"], "\(field)")
        }
    }

    @Test(
        "a name that is not known never replaces one; a new user gets the local part of the email", arguments: DirectoryDriver.all
    )
    func unknownName(driver: DirectoryDriver) async throws {
        func nameless(_ id: String?, _ email: String) -> TestUser {
            var user = TestUser(id, email)
            user.fields[.name] = .null
            return user
        }
        let it = try await driver.make(.global)
        #expect(try await it.outcomes(BatchWork([nameless("a", "Ann.B@x.example")])) == ["created"])
        #expect(try it.users("name", "email") == [["Ann.B", "ann.b@x.example"]])
        try await it.apply(BatchWork(job: 2, [TestUser("a", "ann.b@x.example", name: "Ann")]))
        #expect(try await it.outcomes(BatchWork(job: 3, [nameless("a", "ann.b@x.example")])) == ["unchanged"])
        #expect(try await it.outcomes(BatchWork(job: 4, [nameless("a", "ann@x.example")])) == ["updated"])
        #expect(try it.users("name", "email") == [["Ann", "ann@x.example"]])
        // Another person in the row is new.
        let other = try await it.apply(BatchWork(job: 5, at: 1, [nameless("b", "ann@x.example")]).alone)[0].users
        #expect(other.map(\.isRelinked) == [true])
        #expect(try it.users("wrapper_user_id", "name") == [["b", "ann"]])
        var absent = TestUser("c", "c@x.example")
        absent.fields[.name] = nil
        #expect(try await it.outcomes(BatchWork(job: 6, [absent])) == ["invalid_user"])
    }

    @Test("nothing to change: only last_synced_at moves, and the sync time", arguments: DirectoryDriver.all)
    func unchanged(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        let user = TestUser("a", "a@x.example", [.department: .text("d"), .isActive: .yes])
        try await it.apply(BatchWork([user]))
        var before = try it.rows("users")[0]
        it.clock.advance()
        #expect(try await it.outcomes(BatchWork(job: 2, at: 5, [user])) == ["unchanged"])
        let after = try it.rows("users")[0]
        before["last_synced_at"] = "2025-08-19T10:16:41.000Z"
        before["sync_time"] = "2025-08-19T10:00:05.000Z"
        #expect(after == before)
        #expect(try await it.outcomes(BatchWork(job: 3, at: 4, [TestUser("a", "a@x.example", name: "Older")])) == ["stale"])
    }

    @Test("older news never overwrites newer, equal ones are applied", arguments: DirectoryDriver.all)
    func stale(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        try await it.apply(BatchWork(at: 10, [TestUser("a", "a@x.example", name: "Ten")]))
        let before = try it.rows("users")
        it.clock.advance()
        #expect(try await it.outcomes(BatchWork(job: 2, at: 9, [TestUser("a", "new@x.example", name: "Nine")])) == ["stale"])
        #expect(try await it.outcomes(BatchWork(job: 3, at: 9, [TestUser(nil, "a@x.example", name: "Nine")]).alone) == ["stale"])
        #expect(try it.rows("users") == before, "nothing was written")
        #expect(try await it.outcomes(BatchWork(job: 4, at: 10, [TestUser("a", "a@x.example", name: "Again")])) == ["updated"])
        try it.execute("UPDATE users SET sync_time = NULL")
        #expect(try await it.outcomes(BatchWork(job: 5, at: 1, [TestUser("a", "a@x.example", name: "One")])) == ["updated"])
    }

    @Test("a known id with another email: the row's email changes with it", arguments: DirectoryDriver.all)
    func emailChange(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        try await it.apply(BatchWork([TestUser("a", "a@x.example")]))
        #expect(try await it.outcomes(BatchWork(job: 2, [TestUser("a", "New@X.example")])) == ["updated"])
        #expect(try it.people() == ["a new@x.example"])
    }

    @Test("a row found by email takes the wrapper id where it has none", arguments: DirectoryDriver.all)
    func takesID(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        try await it.apply(BatchWork([TestUser(nil, "a@x.example")]))
        #expect(try await it.outcomes(BatchWork(job: 2, [TestUser("first", "a@x.example")])) == ["updated"])
        #expect(try await it.outcomes(BatchWork(job: 3, [TestUser(nil, "A@x.example")]).alone) == ["unchanged"])
        #expect(try it.people() == ["first a@x.example"])
    }

    @Test("emails are matched whatever the case of ASCII letters, and stored in lower case", arguments: DirectoryDriver.all)
    func emailCase(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        #expect(try await it.outcomes(BatchWork([TestUser(nil, "Ann.ÄB@X.example")])) == ["created"])
        #expect(try await it.outcomes(BatchWork(job: 2, [TestUser(nil, "ANN.Äb@x.EXAMPLE")])) == ["unchanged"])
        #expect(try await it.outcomes(BatchWork(job: 3, [TestUser(nil, "ann.äb@x.example")])) == ["created"])
        #expect(try it.people() == ["- ann.Äb@x.example", "- ann.äb@x.example"])
    }

    @Test("users of a request that share an id or an email take effect in index order", arguments: DirectoryDriver.all)
    func indexOrder(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        let users = [
            TestUser("a", "a@x.example", name: "1"), TestUser("a", "b@x.example", name: "2"),
            TestUser(nil, "B@x.example", name: "3"), TestUser("c", "b@x.example", name: "4"),
            TestUser("a", "a@x.example", name: "5"),
        ]
        // The third meets a's row, and whether a keeps that address is decided by the last.
        #expect(try await it.outcomes(BatchWork(users).alone) == ["created", "updated", "created", "updated", "updated"])
        #expect(try it.users("wrapper_user_id", "email", "name") == [["a", "a@x.example", "5"], ["c", "b@x.example", "4"]])
    }

    @Test("a user that broke a rule of the format fails with its sentence, and touches nothing", arguments: DirectoryDriver.all)
    func invalid(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        let bad = TestUser("a", "nonsense", [.problem: .text("\"email\" must be a valid email")])
        let applied = try await it.apply(BatchWork([bad, TestUser("b", "b@x.example")]))
        #expect(
            applied[0].users == [
                AppliedUser(index: 0, outcome: .failed, code: .invalidUser, detail: "\"email\" must be a valid email"),
                AppliedUser(index: 1, outcome: .created, crmUserID: 1),
            ])
        #expect(try it.people() == ["b b@x.example"])
    }

    @Test("many users of many shapes come out as they were sent, whether new or known", arguments: DirectoryDriver.all)
    func manyShapes(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        let optional = UserField.allCases.filter { ![.id, .email, .name, .problem].contains($0) }
        func users(_ round: Int) -> [TestUser] {
            (0..<300).map { number in
                var more: [UserField: TestUser.Value] = [:]
                for (bit, field) in optional.enumerated() where (number * 7 + round) >> (bit % 9) & 1 == 1 {
                    more[field] =
                        switch field {
                        case .isActive, .isAdmin: round == 0 ? .yes : .no
                        case .lastActiveAt: .text(Timestamp.at(Int64(number * 3 + round)).iso8601)
                        default: .text("[\"\(field.jsonName) \(number) \(round)\"]")
                        }
                }
                return TestUser("u\(number)", "u\(number)@x.example", name: "Name \(number) \(round)", more)
            }
        }
        for round in 0..<3 {
            let sent = users(round)
            let applied = try await it.apply(BatchWork(job: round + 1, sent))
            #expect(applied[0].users.allSatisfy { $0.outcome == (round == 0 ? .created : .updated) })
            let rows = try it.rows("users")
            for (user, row) in zip(sent, rows) {
                for field in optional {
                    guard case .text(let text) = user.fields[field] else { continue }
                    #expect(row[Self.columns[field] ?? ""] == text)
                }
            }
        }
    }

    private static let columns: [UserField: String] = [
        .kindeUserID: "kinde_user_id", .avatar: "avatar", .department: "department", .title: "title",
        .lastActiveAt: "last_active_at", .roles: "roles", .permissions: "permissions",
        .allowedApplications: "allowed_applications", .subscriptionTier: "subscription_tier",
    ]
}
