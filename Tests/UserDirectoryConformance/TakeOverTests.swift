import SyncModel
import TestSupport
import Testing
import UserDirectory

@Suite("Who is found by email in another person's row")
struct TakeOverTests {
    private static let rights: [UserField: TestUser.Value] = [
        .isAdmin: .yes, .isActive: .no, .department: .text("Board"), .title: .text("Chief"), .kindeUserID: .text("kp_1"),
        .avatar: .text("https://x.example/a.jpg"), .roles: .text(#"["admin"]"#), .permissions: .text(#"["*"]"#),
        .allowedApplications: .text(#"["crm"]"#), .subscriptionTier: .text("premium"), .lastActiveAt: .text("2025-01-01"),
    ]

    /// A directory that holds Alice, id `1`, with every right.
    private func directory(_ driver: DirectoryDriver, at seconds: Int64 = 0) async throws -> any DirectoryFixture {
        let it = try await driver.make(.global)
        try await it.apply(BatchWork(at: seconds, [TestUser("1", "alice@x.example", name: "Alice", Self.rights)]))
        it.clock.advance()
        return it
    }

    /// Applies users as a request of their own, in one batch and, beside it, in one batch each with a last pass.
    private func bothWays(
        _ driver: DirectoryDriver, at seconds: Int64 = 0, _ users: [TestUser], sent: Int64 = 1,
        _ check: (any DirectoryFixture, [AppliedUser]) throws -> Void
    ) async throws {
        let one = try await directory(driver, at: seconds)
        let alone = try await one.apply(BatchWork(job: 2, at: sent, users).alone)[0]
        #expect(alone.deferred.isEmpty)
        try check(one, alone.users)

        let many = try await directory(driver, at: seconds)
        let batches = users.indices.map { BatchWork(job: 2, number: $0, at: sent, firstIndex: UInt32($0), [users[$0]]) }
        let first = try await many.directory.apply(batches, closeEarly: { false })
        var results = first.flatMap(\.users)
        for batch in batches where first[batch.number].deferred == [UInt32(batch.number)] {
            var last = batch
            last.number += 100
            last.isLastPass = true
            results += try await many.apply(last)[0].users
        }
        try check(many, results.sorted { $0.index < $1.index })
        #expect(try many.rows("users") == one.rows("users"))
    }

    @Test("takes the row over, and nothing of what was there: rights are never inherited", arguments: DirectoryDriver.all)
    func takesOver(driver: DirectoryDriver) async throws {
        try await bothWays(driver, [TestUser("2", "Alice@x.example", name: "Bob", [.title: .text("Clerk")])]) {
            it, users throws in
            #expect(users == [AppliedUser(index: 0, outcome: .updated, crmUserID: 1, isRelinked: true)])
            let expected: [String: String?] = [
                "id": "1", "email": "alice@x.example", "name": "Bob", "kinde_user_id": nil, "tenant_id": "t1",
                "is_active": "1", "is_admin": "0", "department": nil, "title": "Clerk", "roles": "[]", "permissions": "[]",
                "synced_from": "wrapper", "last_synced_at": "2025-08-19T10:16:41.000Z",
                "created_at": "2025-08-19T10:16:40.000Z", "updated_at": "2025-08-19T10:16:41.000Z", "wrapper_user_id": "2",
                "avatar": nil, "last_active_at": nil, "allowed_applications": nil, "subscription_tier": nil,
                "sync_time": "2025-08-19T10:00:01.000Z",
            ]
            #expect(try it.rows("users") == [expected])
        }
    }

    @Test("in a retry, not the row of somebody who was in the request that is tried again", arguments: DirectoryDriver.all)
    func retried(driver: DirectoryDriver) async throws {
        let sent = [
            TestUser("1", "alice@x.example", name: "Alice"), TestUser("2", "alice@x.example", name: "Bob"),
            TestUser(nil, "alice@x.example", name: "Carl"),
            TestUser("3", "alice@x.example", name: "Al", [.kindeUserID: .text("kp_1")]),
        ]
        let failed = Array(sent.dropFirst())
        for ids in [nil, CarriedIDs(["2", "3"])] {
            let it = try await directory(driver)
            #expect(try await it.outcomes(BatchWork(job: 2, at: 1, [sent[0]])) == ["unchanged"])
            let before = try it.rows("users")
            var retry = BatchWork(job: 3, at: 1, failed)
            retry.isRetry = true
            retry.carriedIDs = ids
            let conflict = [String](repeating: "identity_conflict", count: 3)
            var first = try await it.outcomes(retry)
            if ids == nil {
                #expect(first == ["deferred", "deferred", "deferred"])
                (retry.number, retry.isLastPass) = (1, true)
                first = try await it.outcomes(retry)
            }
            #expect(first == conflict)
            #expect(try it.rows("users") == before)
            // A row that was left by then is free, and one of an older moment is taken as by the request itself.
            #expect(try await it.outcomes(BatchWork(job: 4, at: 2, [TestUser("1", "new@x.example")]).alone) == ["updated"])
            try await it.apply(BatchWork(job: 5, at: 0, [TestUser("9", "old@x.example")]))
            var again = BatchWork(job: 6, at: 1, [sent[1], TestUser("8", "old@x.example")]).alone
            again.isRetry = true
            #expect(try await it.outcomes(again) == ["created", "updated"])
        }
    }

    @Test(
        "in a retry, of those who share an address or an id the last one wins, as in the request", arguments: DirectoryDriver.all)
    func retriedSharers(driver: DirectoryDriver) async throws {
        let rivals = [
            TestUser("a", "e@x.example", name: "First"), TestUser("b", "E@x.example", name: "Second"),
            TestUser(nil, "e@x.example", name: "Third"), TestUser("b", "e@x.example", name: "Fourth"),
        ]
        for isAlone in [true, false] {
            var ends: [([String], [[String?]])] = []
            for isRetry in [false, true] {
                let it = try await driver.make(.global)
                var first = BatchWork(job: 2, at: 1, rivals)
                (first.isRetry, first.isWholeJob) = (isRetry, isAlone)
                var outcomes = try await it.outcomes(first)
                for at in rivals.indices where outcomes[at] == "deferred" {
                    var last = BatchWork(job: 2, number: at, at: 1, isLastPass: true, firstIndex: UInt32(at), [rivals[at]])
                    last.isRetry = isRetry
                    outcomes[at] = try await it.outcomes(last)[0]
                }
                ends.append((outcomes, try it.users("wrapper_user_id", "name")))
            }
            #expect(ends[1].0 == ends[0].0 && ends[1].1 == ends[0].1)
            #expect(ends[1].0.prefix(2) == ["created", "updated"] && ends[1].1 == [["b", "Fourth"]])
        }
    }

    @Test("in a retry, what the request wrote of a user already comes after what failed of it", arguments: DirectoryDriver.all)
    func retriedEarlier(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        // Its first entry failed, the second one stands.
        try await it.apply(BatchWork(job: 1, at: 1, firstIndex: 1, [TestUser("a", "e@x.example", name: "Second")]))
        var retry = BatchWork(job: 2, at: 1, [TestUser("a", "e@x.example", name: "First")]).alone
        retry.isRetry = true
        #expect(try await it.outcomes(retry) == ["stale"])
        #expect(try it.users("name") == [["Second"]])
    }

    @Test("is the same person where kindeUserId is equal: the id is replaced, nothing is reset", arguments: DirectoryDriver.all)
    func samePerson(driver: DirectoryDriver) async throws {
        let user = TestUser("2", "alice@x.example", name: "Alice", [.kindeUserID: .text("kp_1")])
        try await bothWays(driver, [user]) { it, users throws in
            #expect(users == [AppliedUser(index: 0, outcome: .updated, crmUserID: 1)])
            #expect(try it.users("wrapper_user_id", "is_admin", "department") == [["2", "1", "Board"]])
        }
    }

    @Test("is that person where no id is sent: the id stays, nothing is reset", arguments: DirectoryDriver.all)
    func noID(driver: DirectoryDriver) async throws {
        try await bothWays(driver, [TestUser(nil, "alice@x.example", name: "Al")]) { it, users throws in
            #expect(users == [AppliedUser(index: 0, outcome: .updated, crmUserID: 1)])
            #expect(try it.users("wrapper_user_id", "name", "is_admin") == [["1", "Al", "1"]])
        }
    }

    @Test("older than the row's data it fails, the row untouched; the same person's is stale", arguments: DirectoryDriver.all)
    func older(driver: DirectoryDriver) async throws {
        let before = try await directory(driver, at: 9).rows("users")
        try await bothWays(driver, at: 9, [TestUser("2", "alice@x.example", name: "Bob")]) { it, users throws in
            #expect(users == [AppliedUser(index: 0, outcome: .failed, code: .addressNewer, crmUserID: 1)])
            #expect(try it.rows("users") == before)
        }
        let same = TestUser("2", "alice@x.example", name: "Bob", [.kindeUserID: .text("kp_1")])
        for user in [same, TestUser(nil, "alice@x.example", name: "Bob")] {
            try await bothWays(driver, at: 9, [user]) { it, users throws in
                #expect(users == [AppliedUser(index: 0, outcome: .stale, crmUserID: 1)])
                #expect(try it.rows("users") == before)
            }
        }
    }

    @Test(
        "meets a conflict where that person is in the request and keeps the address, in whatever way",
        arguments: DirectoryDriver.all)
    func carried(driver: DirectoryDriver) async throws {
        let bob = TestUser("2", "alice@x.example", name: "Bob")
        let stays: [(TestUser, at: Int64, String)] = [
            // Newer news stands in her row.
            (TestUser("1", "zalice@x.example", name: "Alice"), at: 9, "stale"),
            (TestUser("1", "nonsense", [.problem: .text("no email")]), at: 0, "invalid_user"),
        ]
        for (alice, seconds, word) in stays {
            for users in [[bob, alice], [alice, bob]] {
                try await bothWays(driver, at: seconds, users) { it, results throws in
                    let words = results.map { $0.code?.word ?? $0.outcome.word }
                    #expect(Set(words) == [word, "identity_conflict"], "\(words)")
                    #expect(try it.users("wrapper_user_id", "name", "is_admin") == [["1", "Alice", "1"]])
                }
            }
        }
    }

    @Test("of two that share the address, one by the id, the last one has it", arguments: DirectoryDriver.all)
    func lastWins(driver: DirectoryDriver) async throws {
        let (alice, bob) = (TestUser("1", "alice@x.example", name: "A"), TestUser("2", "alice@x.example", name: "Bob"))
        try await bothWays(driver, [alice, bob]) { it, users throws in
            #expect(users.map(\.outcome) == [.updated, .updated] && users[1].isRelinked)
            #expect(try it.users("wrapper_user_id", "name", "is_admin") == [["2", "Bob", "0"]])
        }
        try await bothWays(driver, [bob, alice]) { it, users throws in
            #expect(users.map { $0.code?.word ?? $0.outcome.word } == ["identity_conflict", "updated"])
            #expect(try it.users("wrapper_user_id", "name", "is_admin") == [["1", "A", "1"]])
        }
    }

    @Test("an address in other letters is found and taken over with its row", arguments: DirectoryDriver.all)
    func mixedCase(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        try it.execute(
            """
            INSERT INTO users (email, name, tenant_id, wrapper_user_id, is_admin) VALUES
              ('Bob@X.example', 'Big', 't1', '1', true), ('bob@x.example', 'Small', 't1', '2', true)
            """)
        let work = BatchWork(job: 2, at: 1, [TestUser("9", "Bob@X.example", name: "New")]).alone
        #expect(try await it.apply(work)[0].users == [AppliedUser(index: 0, outcome: .updated, crmUserID: 1, isRelinked: true)])
        #expect(
            try it.users("wrapper_user_id", "email", "name", "is_admin") == [
                ["9", "Bob@X.example", "New", "0"], ["2", "bob@x.example", "Small", "1"],
            ])
    }

    @Test("ids and emails are bytes: two spellings of one letter are two users", arguments: DirectoryDriver.all)
    func bytes(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
        try await it.apply(BatchWork([TestUser(composed, "\(composed)@x.example"), TestUser(decomposed, "b@x.example")]))
        // Each asks for the other's: were they one, there would be nobody to change with.
        let users = [TestUser(composed, "b@x.example"), TestUser(decomposed, "\(composed)@x.example")]
        #expect(try await it.outcomes(BatchWork(job: 2, users).alone) == ["updated", "updated"])
        #expect(
            try it.users("wrapper_user_id").map { $0[0].map { Array($0.utf8) } } == [
                Array(composed.utf8), Array(decomposed.utf8),
            ])
        #expect(
            try it.users("email").map { $0[0].map { Array($0.utf8) } } == [
                Array("b@x.example".utf8), Array("\(composed)@x.example".utf8),
            ])
        // The other spelling of the address is nobody's, the spelling with another id is a take-over of its own row alone.
        let more = [TestUser("new", "\(decomposed)@x.example"), TestUser("\(composed)!", "b@x.example")]
        let applied = try await it.apply(BatchWork(job: 3, more).alone)[0].users
        #expect(applied.map(\.outcome) == [.created, .updated] && applied[1].isRelinked && applied[1].crmUserID == 1)
    }

    @Test("a large chain and many with one address take no longer than their number", arguments: DirectoryDriver.all)
    func manyTogether(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        let count = 3_000
        try await it.apply(BatchWork((0..<count).map { TestUser("u\($0)", "u\($0)@x.example") }))
        // Everybody moves one on, the last to a free address; and as many new ones ask for one address of them.
        let users =
            (0..<count).map { TestUser("u\($0)", "u\($0 + 1)@x.example") }
            + (0..<count).map { TestUser("n\($0)", "u0@x.example") }
        let first = try await it.apply(BatchWork(job: 2, users))[0]
        #expect(first.users.map(\.index) == [UInt32(count - 1)] && first.deferred.count == 2 * count - 1)
        let waiting = users.indices.filter { first.deferred.contains(UInt32($0)) }.map { (index: UInt32($0), user: users[$0]) }
        let last = try await it.apply(BatchWork(job: 2, number: 1, isLastPass: true, BatchPayload(waiting)))[0].users
        #expect(last.prefix(count - 1).allSatisfy { $0.outcome == .updated && !$0.isRelinked })
        #expect(last[count - 1].outcome == .created && last.dropFirst(count).allSatisfy(\.isRelinked))
        #expect(try it.users("email", "wrapper_user_id").filter { $0[0] == "u0@x.example" }.map { $0[1] } == ["n\(count - 1)"])
    }
}
