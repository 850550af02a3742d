import SyncModel
import TestSupport
import Testing
import UserDirectory

@Suite("Who is who where the platform sends different ids of a person")
struct PersonTests {
    /// How a request comes: whether as one batch, and whether the directory is told which ids it carries.
    static let manners = [(isAlone: true, tellsIDs: false), (false, false), (false, true)]

    /// A request's users, by the first body or, without more fields, by the second.
    func send(
        _ it: any DirectoryFixture, job: Int, at seconds: Int64 = 0, _ users: [TestUser],
        _ manner: (isAlone: Bool, tellsIDs: Bool) = (true, false)
    ) async throws -> [String] {
        if manner.isAlone { return try await it.outcomes(BatchWork(job: job, at: seconds, users).alone) }
        var words: [String] = []
        let ids = CarriedIDs(users.compactMap { user in if case .text(let id) = user.fields[.id] { id } else { nil } })
        for (at, user) in users.enumerated() {
            var work = BatchWork(job: job, number: at, at: seconds, firstIndex: UInt32(at), [user])
            work.carriedIDs = manner.tellsIDs ? ids : nil
            words += try await it.outcomes(work)
        }
        for (at, user) in users.enumerated() where words[at] == "deferred" {
            words[at] = try await it.outcomes(
                BatchWork(job: job, number: 100 + at, at: seconds, isLastPass: true, firstIndex: UInt32(at), [user]))[0]
        }
        return words
    }

    func user(_ id: String?, _ email: String = "ann", _ kinde: String? = nil, isAdmin: Bool? = nil) -> TestUser {
        var user = TestUser(id, "\(email)@x.example", name: "Name")
        if let kinde { user.fields[.kindeUserID] = .text(kinde) }
        if let isAdmin { user.fields[.isAdmin] = isAdmin ? .yes : .no }
        return user
    }

    private func removal(_ it: any DirectoryFixture, job: Int, _ id: String, at seconds: Int64) async throws -> String {
        try await it.outcomes(
            BatchWork(job: job, operation: .userRemoval, at: seconds, BatchPayload([TestUser.removal(id)])))[0]
    }

    func rows(_ it: any DirectoryFixture) throws -> [[String?]] {
        try it.users("wrapper_user_id", "kinde_user_id", "email", "is_admin")
    }

    @Test(
        "an admin stays admin: platform id, Kinde id, and platform id again, by both bodies and through removals",
        arguments: DirectoryDriver.all, manners)
    func changing(driver: DirectoryDriver, manner: (isAlone: Bool, tellsIDs: Bool)) async throws {
        let it = try await driver.make(.global)
        #expect(try await send(it, job: 1, [user("u-1", isAdmin: true)], manner) == ["created"])
        #expect(try await send(it, job: 2, [user("kp_1")], manner) == ["updated"])
        #expect(try rows(it) == [["u-1", "kp_1", "ann@x.example", "1"]])
        let again = [
            user("u-1"), user("kp_1", "ann", "kp_1"), user("u-1", "ann", "kp_1"), user("kp_1"), user(nil, "ann", "kp_1"),
            user(nil),
        ]
        for (at, user) in again.enumerated() {
            #expect(try await send(it, job: 10 + at, [user], manner) == ["unchanged"], "\(user)")
        }
        // Her address changes, told by the one id and found by the other.
        #expect(try await send(it, job: 20, [user("kp_1", "new")], manner) == ["updated"])
        #expect(try await send(it, job: 21, [user("u-1", "new")], manner) == ["unchanged"])
        for (at, id) in ["u-1", "kp_1"].enumerated() {
            #expect(try await removal(it, job: 30 + at, id, at: Int64(10 * at + 5)) == "removed")
            var back = user(id == "u-1" ? "kp_1" : "u-1", "new")
            #expect(try await send(it, job: 40 + at, at: Int64(10 * at + 4), [back], manner) == ["stale"])
            back.fields[.isActive] = .yes
            #expect(try await send(it, job: 50 + at, at: Int64(10 * at + 6), [back], manner) == ["updated"])
        }
        #expect(try rows(it) == [["u-1", "kp_1", "new@x.example", "1"]])
    }

    @Test("a platform id after a Kinde id is filled in as well", arguments: DirectoryDriver.all, manners)
    func otherOrder(driver: DirectoryDriver, manner: (isAlone: Bool, tellsIDs: Bool)) async throws {
        for kinde in [nil, "kp_1"] {
            let it = try await driver.make(.global)
            #expect(try await send(it, job: 1, [user("kp_1", isAdmin: true)], manner) == ["created"])
            #expect(try await removal(it, job: 2, "u-1", at: 0) == "user_not_found", "nobody knows yet whose id that is")
            #expect(try await send(it, job: 3, [user("u-1", "ann", kinde)], manner) == ["updated"])
            #expect(try rows(it) == [["u-1", "kp_1", "ann@x.example", "1"]])
        }
    }

    @Test(
        "a recycled address inherits nothing from a person with another id of the same kind", arguments: DirectoryDriver.all,
        manners)
    func recycled(driver: DirectoryDriver, manner: (isAlone: Bool, tellsIDs: Bool)) async throws {
        let cases: [(before: [TestUser], new: TestUser, after: [String?])] = [
            ([user("u-1", isAdmin: true), user("kp_1")], user("kp_2"), [nil, "kp_2"]),
            ([user("kp_1", isAdmin: true)], user("kp_2"), [nil, "kp_2"]),
            ([user("kp_1", isAdmin: true)], user("u-2", "ann", "kp_2"), ["u-2", "kp_2"]),
            ([user("kp_1", isAdmin: true)], user(nil, "ann", "kp_2"), [nil, "kp_2"]),
            ([user("u-1", isAdmin: true)], user("u-2"), ["u-2", nil]),
            ([user("u-1", "ann", "kp_1", isAdmin: true)], user("u-2"), ["u-2", nil]),
        ]
        for (before, new, after) in cases {
            let it = try await driver.make(.global)
            for (at, user) in before.enumerated() { _ = try await send(it, job: 1 + at, [user], manner) }
            #expect(try await send(it, job: 10, at: 1, [new], manner) == ["updated"])
            #expect(try rows(it) == [after + ["ann@x.example", "0"]])
            // The one before is nobody now, by any of its ids.
            for (at, user) in before.enumerated() {
                guard case .text(let id) = user.fields[.id] else { continue }
                #expect(try await removal(it, job: 20 + at, id, at: 2) == "user_not_found")
            }
            #expect(try await send(it, job: 30, at: 0, [new], manner) == ["stale"])
        }
    }

    @Test("a Kinde id is stored as that, whatever kindeUserId says, and only if it begins as one", arguments: DirectoryDriver.all)
    func kinds(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        let users = [
            user("kp_1", "a", "kp_2"), user("KP_1", "b"), user("kp", "c"), user("kp_", "d"), user("kp-1", "e", "k"),
            user(nil, "f", "kp_6"), user(nil, "g", "k"),
        ]
        #expect(try await send(it, job: 1, users) == [String](repeating: "created", count: 7))
        #expect(
            try it.users("wrapper_user_id", "kinde_user_id") == [
                [nil, "kp_1"], ["KP_1", nil], ["kp", nil], [nil, "kp_"], ["kp-1", "k"], [nil, "kp_6"], [nil, "k"],
            ])
        #expect(try await send(it, job: 2, users) == [String](repeating: "unchanged", count: 7))
        var cleared = user("kp_1", "a")
        cleared.fields[.kindeUserID] = .null
        #expect(try await send(it, job: 3, [cleared, user(nil, "h", "kp_6")]) == ["unchanged", "updated"])
        #expect(try await send(it, job: 4, [user(nil, "g", "k2")]) == ["updated"])
        #expect(
            try await it.outcomes(BatchWork(job: 5, tenant: "t2", [user("kp_1", "other")])) == ["created"],
            "another tenant's person is another")
        #expect(try await removal(it, job: 6, "k", at: 1) == "user_not_found")
    }

    @Test("an id that several rows have is a conflict, and none of them is touched", arguments: DirectoryDriver.all, manners)
    func several(driver: DirectoryDriver, manner: (isAlone: Bool, tellsIDs: Bool)) async throws {
        let it = try await driver.make(.global)
        // What a platform id finds is its own; the Kinde id beside it finds nothing.
        let stored = [user("u-1", "a"), user("kp_1", "b", isAdmin: true), user("u-1", "a", "kp_1")]
        for (at, user) in stored.enumerated() { _ = try await send(it, job: 1 + at, [user], manner) }
        let before = try it.rows("users")
        for (at, email) in ["a", "b", "c"].enumerated() {
            #expect(try await send(it, job: 10 + at, at: 1, [user("kp_1", email)], manner) == ["identity_conflict"])
        }
        #expect(try await removal(it, job: 20, "kp_1", at: 1) == "identity_conflict")
        #expect(try it.rows("users") == before)
        // An address that such a row keeps is not free.
        let others = [user("kp_1", "z"), user("kp_2", "b")]
        #expect(try await send(it, job: 30, at: 1, others, manner) == ["identity_conflict", "identity_conflict"])
        #expect(try it.rows("users") == before)
        // Given another Kinde id by the platform id, the other one is found.
        #expect(try await send(it, job: 40, at: 1, [user("u-1", "a", "kp_3")], manner) == ["updated"])
        #expect(try await send(it, job: 41, at: 1, [user("kp_1", "c")], manner) == ["updated"])
        #expect(try rows(it) == [["u-1", "kp_3", "a@x.example", "0"], [nil, "kp_1", "c@x.example", "1"]])
    }

    @Test(
        "a row keeps its address, whatever becomes of another row that had the same Kinde id", arguments: DirectoryDriver.all,
        manners)
    func keptByOne(driver: DirectoryDriver, manner: (isAlone: Bool, tellsIDs: Bool)) async throws {
        let it = try await driver.make(.global)
        try it.execute(
            """
            INSERT INTO users (email, name, tenant_id, kinde_user_id, is_admin) VALUES
              ('c@x.example', 'C', 't1', 'kp_3', false), ('f@x.example', 'F', 't1', 'kp_3', true)
            """)
        var cleared = user("u-1", "d")
        cleared.fields[.kindeUserID] = .null
        let users = [user("kp_3", "d"), user("u-1", "b", "kp_3"), cleared, user("u-3", "f")]
        let words = try await send(it, job: 1, users, manner)
        #expect(words == ["identity_conflict", "created", "updated", "identity_conflict"])
        #expect(try it.users("wrapper_user_id", "name").prefix(2) == [[nil, "C"], [nil, "F"]])
    }

    @Test("who comes twice in a list fails neither time, and has one row", arguments: DirectoryDriver.all, manners)
    func twice(driver: DirectoryDriver, manner: (isAlone: Bool, tellsIDs: Bool)) async throws {
        for stored in [[], [user("u-1")], [user("kp_1")], [user("u-1", "ann", "kp_1")], [user("u-9", "ann", "kp_9")]] {
            for twin in [user("u-1"), user("kp_1"), user("u-1", "ann", "kp_1"), user("kp_1", "ann", "kp_1")] {
                let it = try await driver.make(.global)
                _ = try await send(it, job: 1, stored, manner)
                let words = try await send(it, job: 2, [twin, user("u-2", "other"), twin, user("u-2", "other")], manner)
                #expect(["created", "updated", "unchanged"].contains(words[0]) && words[1] == "created", "\(stored) \(twin)")
                #expect(words[2...] == ["unchanged", "unchanged"], "\(stored) \(twin)")
                #expect(try it.rows("users").count == 2)
            }
        }
    }

    @Test(
        "whose row is changed by its platform id waits for that: the Kinde id it had gives nobody its rights",
        arguments: DirectoryDriver.all, manners)
    func rowOfAnother(driver: DirectoryDriver, manner: (isAlone: Bool, tellsIDs: Bool)) async throws {
        let users = [user("kp_9", "zoe", isAdmin: true), user("u-1", "ann", "kp_1")]
        for isReversed in [false, true] {
            let it = try await driver.make(.global)
            _ = try await send(it, job: 1, [user("u-1", "ann", "kp_9")], manner)
            let words = try await send(it, job: 2, at: 1, isReversed ? users.reversed() : users, manner)
            #expect(words == (isReversed ? ["updated", "created"] : ["created", "updated"]))
            #expect(
                try rows(it) == [["u-1", "kp_1", "ann@x.example", "0"], [nil, "kp_9", "zoe@x.example", "1"]])
        }
    }

    @Test("removals before the user are remembered by either id, also where a row takes it later", arguments: DirectoryDriver.all)
    func early(driver: DirectoryDriver) async throws {
        for (stored, id) in [("u-1", "kp_1"), ("kp_1", "u-1")] {
            let it = try await driver.make(.global)
            _ = try await send(it, job: 1, [user(stored)])
            #expect(try await removal(it, job: 2, id, at: 9) == "user_not_found")
            let applied = try await it.apply(BatchWork(job: 3, at: 8, [user(id)]).alone)[0].users
            #expect(applied.map(\.outcome) == [.updated] && applied[0].detail != nil)
            #expect(try it.users("is_active") == [["0"]])
        }
    }

    @Test("a retry leaves alone the row that its request wrote by the other id", arguments: DirectoryDriver.all)
    func retried(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        _ = try await send(it, job: 1, [user("u-1", "ann", "kp_1", isAdmin: true)])
        _ = try await send(it, job: 2, at: 1, [user("u-1", "ann")])
        let before = try it.rows("users")
        for (at, failed) in [user("kp_1", "zoe"), user("kp_2", "ann"), user("u-2", "ann")].enumerated() {
            var retry = BatchWork(job: 10 + at, at: 1, [failed]).alone
            retry.isRetry = true
            #expect(try await it.outcomes(retry) == [at == 0 ? "stale" : "identity_conflict"])
        }
        #expect(try it.rows("users") == before)
    }
}
