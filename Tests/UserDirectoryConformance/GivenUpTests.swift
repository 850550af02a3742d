import SyncModel
import Testing
import UserDirectory

@Suite("A batch whose tries are spent")
struct GivenUpTests {
    private let failed = AppliedUser(index: 0, outcome: .failed, code: .retriesExhausted, crmUserID: 0, detail: "gone")

    @Test("ends in the ledger: a late worker finds its users failed and writes nothing", arguments: DirectoryDriver.all)
    func ends(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        let work = BatchWork([TestUser("1", "a@x.example")])
        let ended = try await it.directory.giveUp(work, error: "gone")
        #expect(ended == BatchApplied(jobID: .test(1), number: 0, users: [failed]))
        #expect(try await it.apply(work) == [ended])
        #expect(try await it.directory.tombstone(.test(1), batches: [0]) == [0: ended])
        #expect(try it.rows("users").isEmpty)
    }

    @Test("that was applied or ended before stands as it did", arguments: DirectoryDriver.all)
    func stands(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        let work = BatchWork([TestUser("1", "a@x.example")])
        let applied = try await it.apply(work)
        #expect(try await [it.directory.giveUp(work, error: "gone")] == applied)
        _ = try await it.directory.tombstone(.test(2), batches: [0])
        #expect(try await it.directory.giveUp(BatchWork(job: 2, [TestUser("2", "b@x.example")]), error: "gone").isTombstone)
    }

    @Test("keeps its users' rows from being taken over by others of the job", arguments: DirectoryDriver.all, [false, true])
    func keepsRows(driver: DirectoryDriver, isLastPass: Bool) async throws {
        let it = try await driver.make(.global)
        try await it.apply(BatchWork([TestUser("1", "alice@x.example", name: "Alice", [.isAdmin: .yes])]))
        let before = try it.rows("users")
        var alice = BatchWork(job: 2, at: 1, [TestUser("1", "new@x.example")])
        if isLastPass {
            // She waits for one who has the address and is given up too.
            try await it.apply(BatchWork(job: 3, [TestUser("3", "new@x.example")]))
            #expect(try await it.outcomes(alice) == ["deferred"])
            alice.number = 7
            alice.isLastPass = true
        }
        #expect(try await it.directory.giveUp(alice, error: "gone").users[0].crmUserID == 1)
        let bob = [TestUser("2", "alice@x.example", name: "Bob"), TestUser(nil, "alice@x.example", name: "Carl")]
        #expect(try await it.outcomes(BatchWork(job: 2, number: 1, at: 1, firstIndex: 1, bob)) == ["deferred", "deferred"])
        let last = BatchWork(job: 2, number: 8, at: 1, isLastPass: true, firstIndex: 1, bob)
        #expect(try await it.outcomes(last) == ["identity_conflict", "identity_conflict"])
        #expect(try it.rows("users").prefix(1) == before[...])
    }

    @Test("keeps rows too whose address was not to change, from whoever comes before", arguments: DirectoryDriver.all)
    func keepsAddresses(driver: DirectoryDriver) async throws {
        for sent in [0, 2] as [UInt32] {
            let it = try await driver.make(.global)
            try await it.apply(BatchWork([TestUser("1", "alice@x.example", name: "Alice", [.isAdmin: .yes])]))
            let alice = BatchWork(job: 2, at: 1, firstIndex: 1, [TestUser("1", "alice@x.example", name: "Al")])
            _ = try await it.directory.giveUp(alice, error: "gone")
            let bob = [TestUser("2", "alice@x.example", name: "Bob")]
            #expect(try await it.outcomes(BatchWork(job: 2, number: 1, at: 1, firstIndex: sent, bob)) == ["deferred"])
            let last = BatchWork(job: 2, number: 8, at: 1, isLastPass: true, firstIndex: sent, bob)
            // Of two that ask for one address the last one has it.
            #expect(try await it.outcomes(last) == [sent == 0 ? "identity_conflict" : "updated"])
            #expect(try it.users("wrapper_user_id", "is_admin") == [sent == 0 ? ["1", "1"] : ["2", "0"]])
        }
    }

    @Test("tells of users that were settled ahead of it what became of them", arguments: DirectoryDriver.all)
    func settledAhead(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        try await it.apply(BatchWork([TestUser("a", "a@x.example"), TestUser("b", "b@x.example"), TestUser("c", "c@x.example")]))
        let sent = [TestUser("a", "b@x.example"), TestUser("b", "a@x.example"), TestUser("d", "c@x.example")]
        #expect(try await it.outcomes(BatchWork(job: 2, sent)) == ["deferred", "deferred", "deferred"])
        #expect(try await it.outcomes(BatchWork(job: 2, number: 1, isLastPass: true, [sent[0]])) == ["updated"])
        let rest = BatchWork(job: 2, number: 2, isLastPass: true, firstIndex: 1, Array(sent.dropFirst()))
        let ended = try await it.directory.giveUp(rest, error: "gone")
        #expect(ended.users.map(\.outcome) == [.updated, .failed])
        #expect(ended.users.map(\.crmUserID) == [2, 0] && ended.users[1].code == .retriesExhausted)
        #expect(try await it.apply(rest) == [ended])
        #expect(try it.people() == ["a b@x.example", "b a@x.example", "c c@x.example"])
    }
}
