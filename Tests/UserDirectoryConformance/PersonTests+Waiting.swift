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
