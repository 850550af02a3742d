import SyncModel
import Testing
import UserDirectory

@Suite("Records that this version cannot read")
struct UnreadableRecordTests {
    /// A good user, and one whose record is of a format that does not exist yet.
    private func payload() -> BatchPayload {
        var bytes = BatchPayload([TestUser("a", "a@x.example"), TestUser("b", "b@x.example")]).bytes
        bytes[bytes.count / 2 + 3] = 200
        return BatchPayload(bytes: bytes, count: 2)
    }

    @Test("fail the batch as one to be tried again: none of its users is passed over, or applied", arguments: DirectoryDriver.all)
    func refused(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        let message = "The stored record of user 1 has format 200, which this version cannot read"
        for isLastPass in [false, true] {
            let work = BatchWork(job: 1, number: isLastPass ? 1 : 0, isLastPass: isLastPass, payload())
            await #expect(throws: DirectoryError.transient(message)) { try await it.apply(work) }
            await #expect(throws: DirectoryError.transient(message)) { try await it.apply(work.alone) }
        }
        #expect(try it.rows("users").isEmpty && it.rows("usersync_ledger").isEmpty)
        // A version that can read it applies it later.
        let readable = BatchWork([TestUser("a", "a@x.example"), TestUser("b", "b@x.example")])
        #expect(try await it.outcomes(readable) == ["created", "created"])
    }

    @Test("lose a damaged text, and never get what another user had instead", arguments: DirectoryDriver.all)
    func damagedText(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        let users = [("a", "Board"), ("b", "Sales")].map { id, department in
            TestUser(id, id + "@x.example", [.department: .text(department)])
        }
        var bytes = BatchPayload(users).bytes
        let text = try #require(bytes.indices.first { Array(bytes[$0...].prefix(5)) == Array("Sales".utf8) })
        // Its length now says that it goes beyond the record.
        bytes.replaceSubrange((text - 4)..<(text - 1), with: [0xFF, 0xFF, 0x7F])
        try await it.apply(BatchWork(BatchPayload(bytes: bytes, count: 2)))
        #expect(try it.users("department").map { $0[0] } == ["Board", nil])
    }

    @Test("fail with the reason once the tries are spent, each with its own index", arguments: DirectoryDriver.all)
    func givenUp(driver: DirectoryDriver) async throws {
        let it = try await driver.make(.global)
        let ended = try await it.directory.giveUp(BatchWork(payload()), error: "format 200")
        #expect(ended.users.map(\.index) == [0, 1])
        #expect(ended.users.allSatisfy { $0.code == .retriesExhausted && $0.detail == "format 200" })
    }
}
