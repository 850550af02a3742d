import SyncModel
import Testing
import UserDirectory

extension PersonTests {
    @Test("text that is no Kinde id does not tell who a row's person is", arguments: DirectoryDriver.all, manners)
    func noKindeID(driver: DirectoryDriver, manner: (isAlone: Bool, tellsIDs: Bool)) async throws {
        let cases: [(stored: [String?], new: TestUser, isAdmin: Bool)] = [
            ([nil, ""], user("kp_9"), true), ([nil, "undefined"], user("kp_9"), true), ([nil, "k1"], user("kp_9"), true),
            (["u-1", "pending_77"], user("kp_1"), true), ([nil, "kp_1"], user("u-1", "ann", "undefined"), true),
            ([nil, "undefined"], user("u-1", "ann", "kp_1"), true), ([nil, "k1"], user("u-1", "ann", "k2"), true),
            ([nil, "kp_1"], user(nil, "ann", "k2"), true),
            (["u-1", "undefined"], user("u-2", "ann", "undefined"), false), (["u-1", "kp_1"], user("u-2", "ann", "kp"), false),
        ]
        for (at, (stored, new, isAdmin)) in cases.enumerated() {
            let it = try await driver.make(.global)
            let ids = stored.map { $0.map { "'\($0)'" } ?? "NULL" }.joined(separator: ", ")
            try it.execute(
                """
                INSERT INTO users (email, name, tenant_id, is_admin, wrapper_user_id, kinde_user_id)
                VALUES ('ann@x.example', 'Ann', 't1', true, \(ids))
                """)
            #expect(try await send(it, job: 1, at: 1, [new], manner) == ["updated"])
            #expect(try it.users("is_admin") == [[isAdmin ? "1" : "0"]], "case \(at)")
        }
    }
}
