import SyncModel
import Testing
import UserDirectory
import UserDirectoryConformance

/// How a CRM's own table may refuse a user whose name is `bad`.
struct Refusal: Sendable, CustomTestStringConvertible {
    var name: String
    var sql: String
    var detail: String
    var testDescription: String { name }

    static func trigger(_ when: String, _ raise: String) -> Refusal {
        let action = raise == "IGNORE" ? "RAISE(IGNORE)" : "RAISE(\(raise), 'not welcome')"
        return Refusal(
            name: "\(raise) in a trigger \(when)",
            sql: """
                CREATE TRIGGER crm_insert \(when) INSERT ON users WHEN NEW.name = 'bad' BEGIN
                  INSERT INTO seen VALUES (NEW.email); SELECT \(action); END;
                CREATE TRIGGER crm_update \(when) UPDATE ON users WHEN NEW.name = 'bad' BEGIN
                  INSERT INTO seen VALUES (NEW.email); SELECT \(action); END;
                """, detail: raise == "IGNORE" ? "A trigger of the database ignored the row" : "not welcome")
    }

    static let all =
        [
            ("BEFORE", "ABORT"), ("AFTER", "ABORT"), ("BEFORE", "FAIL"), ("AFTER", "FAIL"), ("BEFORE", "ROLLBACK"),
            ("AFTER", "ROLLBACK"),
        ]
        .map(trigger) + [
            trigger("BEFORE", "IGNORE"),
            Refusal(
                name: "CHECK", sql: "ALTER TABLE users ADD COLUMN c INT CHECK (name <> 'bad')",
                detail: "CHECK constraint failed: name <> '…'"),
            Refusal(
                name: "an index of the CRM's own",
                sql: """
                    CREATE UNIQUE INDEX one_bad ON users(name) WHERE name = 'bad';
                    INSERT INTO users (email, name, tenant_id) VALUES ('first@bad.example', 'bad', 'elsewhere');
                    """, detail: "UNIQUE constraint failed: users.name"),
            Refusal(
                name: "a generated column that cannot be computed",
                sql:
                    "ALTER TABLE users ADD COLUMN g AS (CASE name WHEN 'bad' THEN json_extract(name, '$') END); CREATE INDEX g ON users(g)",
                detail: "malformed JSON"),
            Refusal(
                name: "a foreign key checked at once",
                sql: foreignKey(""), detail: "FOREIGN KEY constraint failed"),
            Refusal(
                name: "a foreign key checked at the commit",
                sql: foreignKey("DEFERRABLE INITIALLY DEFERRED"), detail: "FOREIGN KEY constraint failed"),
        ]

    private static func foreignKey(_ when: String) -> String {
        """
        CREATE TABLE names (name TEXT PRIMARY KEY); INSERT INTO names VALUES ('Name'), ('New');
        CREATE TABLE named (user INTEGER PRIMARY KEY, name TEXT REFERENCES names(name) \(when));
        CREATE TRIGGER crm_insert AFTER INSERT ON users BEGIN INSERT OR REPLACE INTO named VALUES (NEW.id, NEW.name); END;
        CREATE TRIGGER crm_update AFTER UPDATE ON users BEGIN INSERT OR REPLACE INTO named VALUES (NEW.id, NEW.name); END;
        """
    }
}

@Suite("One bad user fails alone")
struct RefusedUserTests {
    private func directory(_ refusal: Refusal) async throws -> SQLiteFixture {
        let it = try SQLiteFixture()
        try await it.directory.prepare()
        try it.execute("CREATE TABLE seen (email TEXT); \(refusal.sql)")
        return it
    }

    /// Three batches of four users; those at the places in `bad` are refused.
    private func batches(job: Int, bad: Set<Int>, name: String) -> [BatchWork] {
        (0..<3).map { number in
            BatchWork(
                job: job, number: number, firstIndex: UInt32(number * 4),
                (0..<4).map {
                    let place = number * 4 + $0
                    return TestUser("u\(place)", "u\(place)@x.example", name: bad.contains(place) ? "bad" : name)
                })
        }
    }

    private func applyAll(_ batches: [BatchWork], _ it: SQLiteFixture) async throws -> [AppliedUser] {
        var rest = batches
        var users: [AppliedUser] = []
        while !rest.isEmpty {
            let done = try await it.directory.apply(rest, closeEarly: { false })
            #expect(done.map(\.number) == rest.prefix(done.count).map(\.number) && !done.isEmpty)
            users += done.flatMap(\.users)
            rest.removeFirst(done.count)
        }
        return users
    }

    private static let places: [Set<Int>] = (0..<12).map { [$0] } + [[0, 1], [3, 4], [0, 5, 11], [4, 5, 6, 7], Set(0..<12)]

    @Test("at any place, several a batch, whether new or known", arguments: Refusal.all)
    func alone(refusal: Refusal) async throws {
        for bad in Self.places {
            let it = try await directory(refusal)
            let created = try await applyAll(batches(job: 1, bad: bad, name: "Name"), it)
            let good = (0..<12).filter { !bad.contains($0) }
            #expect(created.map(\.index) == (0..<12).map { UInt32($0) })
            for user in created {
                if bad.contains(Int(user.index)) {
                    #expect(user.code == .refusedByDatabase && user.detail == refusal.detail, "\(bad): \(user)")
                } else {
                    #expect(user.outcome == .created, "\(bad): \(user)")
                }
            }
            #expect(try Set(it.people()) == Set(good.map { "u\($0) u\($0)@x.example" }))
            #expect(try it.rows("usersync_ledger").count == 3)
            if refusal.detail == "not welcome" { #expect(try it.rows("seen").isEmpty, "nothing of a refused user is left") }
            #expect(try await applyAll(batches(job: 1, bad: [], name: "Name"), it) == created, "the ledger says the same")

            let updated = try await applyAll(batches(job: 2, bad: bad, name: "New"), it)
            for user in updated {
                #expect(
                    bad.contains(Int(user.index)) ? user.code == .refusedByDatabase : user.outcome == .updated, "\(bad): \(user)")
            }
            #expect(try it.column("SELECT DISTINCT name FROM users WHERE tenant_id = 't1'") == (good.isEmpty ? [] : ["New"]))
        }
    }

    @Test("known users that turn bad keep their rows", arguments: Refusal.all)
    func known(refusal: Refusal) async throws {
        let it = try await directory(refusal)
        _ = try await applyAll(batches(job: 1, bad: [], name: "Name"), it)
        let updated = try await applyAll(batches(job: 2, bad: [1, 4, 5, 11], name: "New"), it)
        #expect(updated.filter { $0.code == .refusedByDatabase }.map(\.index) == [1, 4, 5, 11])
        #expect(updated.filter { $0.outcome == .updated }.count == 8)
        let ids = try it.column("SELECT id FROM users WHERE tenant_id = 't1' ORDER BY id")
        #expect(updated.map { "\($0.crmUserID)" } == ids, "a refused user's row is named too")
        #expect(
            try it.column("SELECT name FROM users WHERE wrapper_user_id IN ('u1', 'u4', 'u5', 'u11')")
                == Array(repeating: "Name", count: 4))
    }

    @Test("batches before one that takes the transaction with it are committed without it")
    func batchesBefore() async throws {
        let it = try await directory(.trigger("AFTER", "ROLLBACK"))
        let batches = batches(job: 1, bad: [9], name: "Name")
        #expect(try await it.directory.apply(batches, closeEarly: { false }).map(\.number) == [0, 1])
        #expect(try it.rows("users").count == 8)
        let last = try await it.directory.apply(Array(batches[2...]), closeEarly: { false })[0]
        #expect(last.users.map(\.code) == [nil, .refusedByDatabase, nil, nil])
    }

    @Test("a removal that is refused fails with the database's sentence")
    func removal() async throws {
        let it = try await directory(.trigger("BEFORE", "ABORT"))
        try await it.apply(BatchWork([TestUser("a", "a@x.example")]))
        try it.execute(
            "DROP TRIGGER crm_update; CREATE TRIGGER crm_keep BEFORE UPDATE ON users BEGIN SELECT RAISE(FAIL, 'kept'); END")
        let work = BatchWork(job: 2, operation: .userRemoval, BatchPayload([TestUser.removal("a")]))
        #expect(
            try await it.apply(work)[0].users
                == [AppliedUser(index: 0, outcome: .failed, code: .refusedByDatabase, crmUserID: 1, detail: "kept")])
        #expect(try it.users("is_active") == [["1"]])
    }

    @Test("a user whose swap partner may not move meets a conflict; the partner hears why")
    func refusedMove() async throws {
        let it = try SQLiteFixture()
        try await it.directory.prepare()
        try await it.apply(BatchWork([TestUser("a", "a@x.example"), TestUser("b", "b@x.example")]))
        for raise in ["ABORT", "ROLLBACK"] {
            try it.execute(
                """
                DROP TRIGGER IF EXISTS crm_fixed;
                CREATE TRIGGER crm_fixed BEFORE UPDATE OF email ON users WHEN OLD.wrapper_user_id = 'b' BEGIN
                  SELECT RAISE(\(raise), 'b stays'); END
                """)
            let job = raise == "ABORT" ? 2 : 3
            let users = [TestUser("a", "b@x.example"), TestUser("b", "a@x.example"), TestUser("c\(job)", "c\(job)@x.example")]
            #expect(try await it.outcomes(BatchWork(job: job, users)) == ["deferred", "deferred", "created"])
            let last = BatchWork(job: job, number: 1, isLastPass: true, Array(users.prefix(2)))
            #expect(try await it.outcomes(last) == ["identity_conflict", "refused_by_database"])
            #expect(try it.people().prefix(2) == ["a a@x.example", "b b@x.example"])
        }
    }

    @Test("triggers of the CRM's do not fire for inserts that come to nothing")
    func noVainInserts() async throws {
        let it = try SQLiteFixture()
        try await it.directory.prepare()
        let users = (0..<10).map { TestUser("u\($0)", "u\($0)@x.example") }
        try it.execute(
            "CREATE TABLE seen (email TEXT); CREATE TRIGGER t BEFORE INSERT ON users BEGIN INSERT INTO seen VALUES (NEW.email); END"
        )
        try await it.apply(BatchWork(users))
        // Two new ones in a row, and the next is taken for new as well where there are no triggers.
        let new = (0..<3).map { TestUser("n\($0)", "n\($0)@x.example") }
        try await it.apply(BatchWork(job: 2, new + users))
        #expect(try it.column("SELECT count(*) FROM seen") == ["13"])
    }

    @Test("a field that did not change is not written: UPDATE OF triggers stay still")
    func onlyChanges() async throws {
        let it = try SQLiteFixture()
        try await it.directory.prepare()
        try await it.apply(BatchWork([TestUser("a", "a@x.example", [.department: .text("Sales")])]))
        try it.execute(
            """
            CREATE TABLE seen (what TEXT);
            CREATE TRIGGER t1 AFTER UPDATE OF email, department, wrapper_user_id ON users BEGIN INSERT INTO seen VALUES ('!'); END;
            CREATE TRIGGER t2 AFTER UPDATE OF title ON users BEGIN INSERT INTO seen VALUES ('title'); END;
            """)
        try await it.apply(
            BatchWork(job: 2, [TestUser("a", "a@x.example", [.department: .text("Sales"), .title: .text("Chief")])]))
        #expect(try it.column("SELECT what FROM seen") == ["title"])
    }
}
