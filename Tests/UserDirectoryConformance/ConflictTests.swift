import SyncModel
import TestSupport
import Testing
import UserDirectory

@Suite("Users whose id and email meet two rows")
struct ConflictTests {
    /// Three users a, b, c (and more) with the emails a@x.example and so on.
    private func directory(_ driver: DirectoryDriver, _ ids: [String], scope: EmailScope = .global) async throws
        -> any DirectoryFixture
    {
        let it = try await driver.make(scope)
        try await it.apply(BatchWork(ids.map { TestUser($0, "\($0)@x.example") }))
        it.clock.advance()
        return it
    }

    private func wants(_ id: String, _ email: String, name: String = "Name") -> TestUser {
        TestUser(id, "\(email)@x.example", name: name)
    }

    @Test("it waits on the first pass and fails on the last; both rows stay", arguments: DirectoryDriver.all)
    func conflict(driver: DirectoryDriver) async throws {
        let it = try await directory(driver, ["a", "b"])
        let before = try it.rows("users")
        let first = try await it.apply(BatchWork(job: 2, [wants("a", "b"), wants("new", "new")]))[0]
        #expect(first.deferred == [0] && first.users.map(\.index) == [1])
        let last = try await it.apply(BatchWork(job: 2, number: 1, isLastPass: true, [wants("a", "b", name: "!")]))[0]
        #expect(last.users == [AppliedUser(index: 0, outcome: .failed, code: .identityConflict, crmUserID: 1)])
        #expect(last.deferred.isEmpty)
        #expect(Array(try it.rows("users").prefix(2)) == before)
    }

    @Test("the tenant's later jobs are left for after the last pass; the ledger remembers", arguments: DirectoryDriver.all)
    func laterJobs(driver: DirectoryDriver) async throws {
        let it = try await directory(driver, ["a", "b"])
        let waits = BatchWork(job: 2, [wants("a", "b")])
        let more = BatchWork(job: 2, number: 1, [wants("d", "d")])
        let later = BatchWork(job: 3, [wants("a", "c")])
        for _ in 1...2 {
            let applied = try await it.apply(waits, more, later)
            #expect(applied.map(\.number) == [0, 1] && applied[0].deferred == [0])
        }
        #expect(try await it.apply(later, more).map(\.number) == [0, 1])
        #expect(try it.users("wrapper_user_id", "email").contains(["a", "c@x.example"]))
    }

    @Test("two users swap their emails", arguments: DirectoryDriver.all, EmailScope.allCases)
    func swap(driver: DirectoryDriver, scope: EmailScope) async throws {
        let it = try await directory(driver, ["a", "b"], scope: scope)
        let users = [wants("a", "b"), wants("b", "a", name: "New")]
        #expect(try await it.outcomes(BatchWork(job: 2, users)) == ["deferred", "deferred"])
        #expect(try it.people() == ["a a@x.example", "b b@x.example"])
        #expect(try await it.outcomes(BatchWork(job: 2, number: 1, isLastPass: true, users)) == ["updated", "updated"])
        #expect(try it.people() == ["a b@x.example", "b a@x.example"])
        #expect(
            try it.users("name", "updated_at") == [["Name", "2025-08-19T10:16:41.000Z"], ["New", "2025-08-19T10:16:41.000Z"]])
    }

    @Test("emails go round in a cycle of any length, over several batches", arguments: DirectoryDriver.all, [3, 5, 40])
    func cycle(driver: DirectoryDriver, length: Int) async throws {
        let ids = (0..<length).map { "u\($0)" }
        let it = try await directory(driver, ids)
        let users = ids.indices.map { wants(ids[$0], ids[($0 + 1) % length]) }
        var batches: [BatchWork] = []
        for (number, start) in stride(from: 0, to: length, by: 2).enumerated() {
            let part = Array(users[start..<min(start + 2, length)])
            batches.append(BatchWork(job: 2, number: number, firstIndex: UInt32(start), part))
        }
        let first = try await it.directory.apply(batches, closeEarly: { false })
        #expect(first.reduce(0) { $0 + $1.deferred.count } == length)
        // One transaction a batch: members moved in one are applied in a later one.
        for batch in batches {
            var last = batch
            last.isLastPass = true
            last.number += 100
            #expect(try await it.outcomes(last).allSatisfy { $0 == "updated" })
        }
        #expect(try it.people() == ids.indices.map { "\(ids[$0]) \(ids[($0 + 1) % length])@x.example" })
    }

    @Test("emails are handed on along a chain that ends in a free one", arguments: DirectoryDriver.all)
    func chain(driver: DirectoryDriver) async throws {
        let it = try await directory(driver, ["a", "b", "c", "d"])
        // c waits only because b's claim comes before it on c's email; d frees its own on the first pass.
        let users = [wants("a", "b"), wants("b", "c"), wants("c", "d"), wants("d", "free")]
        #expect(try await it.outcomes(BatchWork(job: 2, users)) == ["deferred", "deferred", "deferred", "updated"])
        #expect(
            try await it.outcomes(BatchWork(job: 2, number: 1, isLastPass: true, Array(users.prefix(3)))) == [
                "updated", "updated", "updated",
            ])
        #expect(try it.people() == ["a b@x.example", "b c@x.example", "c d@x.example", "d free@x.example"])
    }

    @Test("one that cannot move keeps those who wait for it where they are", arguments: DirectoryDriver.all)
    func brokenChain(driver: DirectoryDriver) async throws {
        let it = try await directory(driver, ["a", "b", "c", "d"])
        // d is not in the job: c cannot have its email, so nobody moves.
        let users = [wants("a", "b"), wants("b", "c"), wants("c", "d")]
        #expect(try await it.outcomes(BatchWork(job: 2, users)) == ["deferred", "deferred", "deferred"])
        let conflict = "identity_conflict"
        #expect(try await it.outcomes(BatchWork(job: 2, number: 1, isLastPass: true, users)) == [conflict, conflict, conflict])
        #expect(try it.people() == ["a a@x.example", "b b@x.example", "c c@x.example", "d d@x.example"])
    }

    @Test("a user to whom newer news came is not moved for another", arguments: DirectoryDriver.all)
    func staleMember(driver: DirectoryDriver) async throws {
        let it = try await directory(driver, ["a", "b"])
        let users = [wants("a", "b"), wants("b", "a")]
        #expect(try await it.outcomes(BatchWork(job: 2, at: 5, users)) == ["deferred", "deferred"])
        #expect(try await it.outcomes(BatchWork(job: 3, at: 9, [wants("b", "b", name: "Newer")])) == ["updated"])
        #expect(
            try await it.outcomes(BatchWork(job: 2, number: 1, at: 5, isLastPass: true, users)) == ["identity_conflict", "stale"])
        #expect(try it.people() == ["a a@x.example", "b b@x.example"])
    }

    @Test("only claims of the same job are followed", arguments: DirectoryDriver.all)
    func otherJob(driver: DirectoryDriver) async throws {
        let it = try await directory(driver, ["a", "b"])
        #expect(try await it.outcomes(BatchWork(job: 2, [wants("a", "b")])) == ["deferred"])
        #expect(try await it.outcomes(BatchWork(job: 3, [wants("b", "a")])) == ["deferred"])
        #expect(try await it.outcomes(BatchWork(job: 2, number: 1, isLastPass: true, [wants("a", "b")])) == ["identity_conflict"])
    }

    @Test("an email freed by a later user of the job is free on the last pass", arguments: DirectoryDriver.all)
    func freedLater(driver: DirectoryDriver) async throws {
        let it = try await directory(driver, ["a", "b"])
        #expect(try await it.outcomes(BatchWork(job: 2, [wants("a", "b"), wants("b", "free")])) == ["deferred", "updated"])
        #expect(try await it.outcomes(BatchWork(job: 2, number: 1, isLastPass: true, [wants("a", "b")])) == ["updated"])
        #expect(try it.people() == ["a b@x.example", "b free@x.example"])
    }

    @Test(
        "later users that share the id or the email of one that waits, wait too; the last one wins",
        arguments: DirectoryDriver.all)
    func orderAcrossBatches(driver: DirectoryDriver) async throws {
        let it = try await directory(driver, ["a", "b"])
        // a waits for b's email; then another user asks for that email, and a is sent once more, with its old one.
        let first = BatchWork(job: 2, number: 0, [wants("a", "b", name: "1"), TestUser(nil, "other@x.example")])
        let second = BatchWork(job: 2, number: 1, firstIndex: 2, [wants("new", "B", name: "3"), wants("a", "a", name: "4")])
        let applied = try await it.apply(first, second)
        #expect(applied.map(\.deferred) == [[0], [2, 3]])
        #expect(try it.users("name") == [["Name"], ["Name"], ["Name"]])
        let last = BatchWork(
            job: 2, number: 2, isLastPass: true,
            BatchPayload([
                (0, wants("a", "b", name: "1")), (2, wants("new", "B", name: "3")), (3, wants("a", "a", name: "4")),
            ]))
        #expect(try await it.outcomes(last) == ["identity_conflict", "updated", "updated"])
        #expect(
            try it.users("wrapper_user_id", "email", "name").prefix(2) == [
                ["a", "a@x.example", "4"], ["new", "b@x.example", "3"],
            ])
    }

    @Test("users before one that waits are not held up by it", arguments: DirectoryDriver.all)
    func earlierIndex(driver: DirectoryDriver) async throws {
        let it = try await directory(driver, ["a", "b"])
        let batch = BatchWork(job: 2, BatchPayload([(7, wants("a", "b")), (3, wants("a", "a", name: "3"))]))
        #expect(try await it.outcomes(batch) == ["updated", "deferred"])
        #expect(try it.users("name")[0] == ["3"])
    }

    @Test(
        "two users who ask for the same email: the first gets it, the second takes the row or meets it",
        arguments: DirectoryDriver.all)
    func rivals(driver: DirectoryDriver) async throws {
        let it = try await directory(driver, ["a", "b", "c"])
        // a and c want b's email, b wants a's. a and b swap; c then meets a's row.
        let users = [wants("a", "b"), wants("b", "a"), wants("c", "b")]
        #expect(try await it.outcomes(BatchWork(job: 2, users)) == ["deferred", "deferred", "deferred"])
        #expect(
            try await it.outcomes(BatchWork(job: 2, number: 1, isLastPass: true, users)) == [
                "updated", "updated", "identity_conflict",
            ])
        #expect(try it.people() == ["a b@x.example", "b a@x.example", "c c@x.example"])
    }

    @Test("global: a chain that ends in another tenant's email does not move", arguments: DirectoryDriver.all)
    func foreignEnd(driver: DirectoryDriver) async throws {
        let it = try await directory(driver, ["a", "b", "c"])
        try await it.apply(BatchWork(job: 9, tenant: "t2", [TestUser("z", "z@x.example")]))
        let users = [wants("a", "b"), wants("b", "c"), wants("c", "c")]
        #expect(try await it.outcomes(BatchWork(job: 2, users)) == ["deferred", "deferred", "deferred"])
        // b's claim leads to c, which stays.
        #expect(
            try await it.outcomes(BatchWork(job: 2, number: 1, isLastPass: true, users))
                == ["identity_conflict", "identity_conflict", "unchanged"])
        let away = [wants("a", "b"), wants("b", "z")]
        #expect(try await it.outcomes(BatchWork(job: 3, away)) == ["deferred", "email_in_other_tenant"])
        #expect(try await it.outcomes(BatchWork(job: 3, number: 1, isLastPass: true, [away[0]])) == ["identity_conflict"])
        #expect(try it.people(of: "t2") == ["z z@x.example"])
    }

    @Test(
        "global: nor does one whose end another tenant took between the passes, in whatever case", arguments: DirectoryDriver.all)
    func endTaken(driver: DirectoryDriver) async throws {
        let it = try await directory(driver, ["a", "b", "c"])
        let users = [wants("a", "b"), wants("b", "c")]
        #expect(try await it.outcomes(BatchWork(job: 2, users)) == ["deferred", "deferred"])
        try it.execute("UPDATE users SET email = 'moved@x.example' WHERE wrapper_user_id = 'c'")
        try it.execute("INSERT INTO users (email, name, tenant_id) VALUES ('C@X.example', 'C', 't2')")
        #expect(
            try await it.outcomes(BatchWork(job: 2, number: 1, isLastPass: true, users))
                == ["identity_conflict", "email_in_other_tenant"])
        #expect(try it.people() == ["a a@x.example", "b b@x.example", "c moved@x.example"])
    }
}
