import SyncModel
import Testing
import UserDirectory

extension PersonTests {
    @Test("who waits for others is asked again once some of those are settled", arguments: DirectoryDriver.all, manners)
    func waitsNoLonger(driver: DirectoryDriver, manner: (isAlone: Bool, tellsIDs: Bool)) async throws {
        let (first, second) = (user("kp_1", "a"), user("kp_2", "c"))
        for isReversed in [false, true] {
            let it = try await driver.make(.global)
            _ = try await send(it, job: 1, [user("u-2", "c", "kp_1", isAdmin: true)])
            let users = (isReversed ? [second, first] : [first, second]) + [user("u-2", "a", "kp_2")]
            let words = try await send(it, job: 2, at: 1, users, manner)
            #expect(words == (isReversed ? ["created", "updated", "updated"] : ["updated", "created", "updated"]))
            #expect(
                try rows(it) == [["u-2", "kp_2", "a@x.example", "1"], [nil, "kp_2", "c@x.example", "0"]])
        }
    }

    @Test("the rows of an invalid user keep their addresses, all that have its Kinde id", arguments: DirectoryDriver.all, manners)
    func invalidOfSeveral(driver: DirectoryDriver, manner: (isAlone: Bool, tellsIDs: Bool)) async throws {
        let it = try await driver.make(.global)
        try it.execute(
            """
            INSERT INTO users (email, name, tenant_id, kinde_user_id, is_admin) VALUES
              ('c@x.example', 'C', 't1', 'kp_3', false), ('f@x.example', 'F', 't1', 'kp_3', true)
            """)
        var invalid = user("kp_3", "d")
        invalid.fields[.problem] = .text("invalid")
        let words = try await send(it, job: 1, [invalid, user("kp_1", "c"), user("kp_2", "f")], manner)
        #expect(words == ["invalid_user", "identity_conflict", "identity_conflict"])
        #expect(try it.users("kinde_user_id", "name") == [["kp_3", "C"], ["kp_3", "F"]])
    }

    @Test("an invalid user waits for those that share its id, as a valid one does", arguments: DirectoryDriver.all, manners)
    func invalid(driver: DirectoryDriver, manner: (isAlone: Bool, tellsIDs: Bool)) async throws {
        for isKnownByKindeUserID in [false, true] {
            let it = try await driver.make(.global)
            _ = try await send(it, job: 1, [user("u-1", "f", "kp_2", isAdmin: true)])
            var invalid = isKnownByKindeUserID ? user(nil, "d", "kp_2") : user("kp_2", "d")
            invalid.fields[.problem] = .text("invalid")
            let words = try await send(it, job: 2, at: 1, [user("kp_2", "e"), invalid, user("kp_1", "e")], manner)
            #expect(words == ["updated", "invalid_user", "identity_conflict"])
            #expect(try rows(it) == [["u-1", "kp_2", "e@x.example", "1"]])
        }
    }
}
