import Foundation
import SyncModel
import Synchronization
import TestSupport
import Testing
import UserDirectory
import UserDirectoryConformance
import UserDirectorySQLite

@Suite("A last pass whose users wait for each other over many batches")
struct LongWayTests {
    private static let length = 600

    private func user(_ number: Int, _ address: Int) -> TestUser { TestUser("u\(number)", "a\(address)@x.example") }

    /// A directory with users of their own addresses, and a job in which each asks for the next one's.
    /// - Parameter isCircle: whether the last asks for the first one's address rather than a free one.
    private func waiting(steps: Int, isCircle: Bool) async throws -> (SQLiteFixture, [BatchWork]) {
        var options = SQLiteUserDirectory.Options(busyTimeout: 0.05)
        options.lastPassSteps = steps
        let it = try SQLiteFixture(options: options)
        let all = 0..<Self.length
        try await it.apply(BatchWork(all.map { user($0, $0) }))
        let asking = all.map { user($0, isCircle ? ($0 + 1) % Self.length : $0 + 1) }
        let parts = stride(from: 0, to: Self.length, by: 50).map { (UInt32($0), asking[$0..<$0 + 50]) }
        for (number, part) in parts.enumerated() {
            try await it.apply(BatchWork(job: 2, number: number, at: 1, firstIndex: part.0, Array(part.1)))
        }
        return (
            it,
            parts.enumerated().map { number, part in
                // The last of a chain moved on the first pass.
                let waiting = part.1.prefix(isCircle || number < parts.count - 1 ? 50 : 49)
                return BatchWork(job: 2, number: 100 + number, at: 1, isLastPass: true, firstIndex: part.0, Array(waiting))
            }
        )
    }

    @Test("a chain is committed in parts; each user has its result, once", arguments: [1, 60, 10_000])
    func chain(steps: Int) async throws {
        let (it, batches) = try await waiting(steps: steps, isCircle: false)
        var (rest, users, calls) = (batches, [AppliedUser](), 0)
        while !rest.isEmpty, calls < 5_000 {
            calls += 1
            let done = try await it.directory.apply(rest, closeEarly: { false })
            users += done.flatMap(\.users)
            rest.removeFirst(done.count)
        }
        // There and back; each batch whose users are all settled already takes no step.
        let way = 2 * (Self.length - 1)
        #expect((way / (steps + 1)...way / steps + 1).contains(calls), "\(calls)")
        #expect(users.map(\.index) == (0..<UInt32(Self.length - 1)).map { $0 })
        #expect(users.allSatisfy { $0.outcome == .updated })
        #expect(try it.people() == (0..<Self.length).map { "u\($0) a\($0 + 1)@x.example" })
    }

    @Test("it gives way to whoever waits, and lets other tenants in between", arguments: [true, false])
    func givesWay(isCircle: Bool) async throws {
        let (it, batches) = try await waiting(steps: 10_000, isCircle: isCircle)
        var (rest, others, calls) = (batches, 0, 0)
        while !rest.isEmpty, calls < 100 {
            calls += 1
            rest.removeFirst(try await it.directory.apply(rest, closeEarly: { true }).count)
            let other = BatchWork(job: 10 + calls, tenant: "t2", [TestUser("o\(calls)", "o\(calls)@x.example")]).alone
            others += try await it.apply(other).count
        }
        #expect(calls > batches.count && others == calls)
        let moved = (0..<Self.length).map { "u\($0) a\(isCircle ? ($0 + 1) % Self.length : $0 + 1)@x.example" }
        #expect(try it.people() == moved)
    }

    @Test("opened anew in between it goes on, and a batch given up in between ends it for its users alone")
    func brokenOff() async throws {
        let (it, batches) = try await waiting(steps: 60, isCircle: false)
        for _ in 0..<12 { #expect(try await it.directory.apply(batches, closeEarly: { false }).isEmpty) }
        // Those at the far end have moved, ahead of their batches.
        let ended = try await it.directory.giveUp(batches[0], error: "gone")
        #expect(ended.users.allSatisfy { $0.code == .retriesExhausted })
        let again = SQLiteUserDirectory(path: it.path, emailScope: .global, clock: it.clock.wallClock)
        let users = try await again.apply(Array(batches.dropFirst()), closeEarly: { false }).flatMap(\.users)
        #expect(users.count == Self.length - 51 && users.allSatisfy { $0.outcome == .updated })
        let expected = (0..<Self.length).map { "u\($0) a\($0 < 50 ? $0 : $0 + 1)@x.example" }
        #expect(try it.people() == expected)
        await again.close()
    }

    @Test("that leads to a circle goes round it alone in one commit, and back in parts", arguments: [2, 20])
    func tailCircle(round: Int) async throws {
        let count = 400
        var options = SQLiteUserDirectory.Options(busyTimeout: 0.05)
        options.lastPassSteps = 50
        let it = try SQLiteFixture(options: options)
        try await it.apply(BatchWork((0..<count).map { user($0, $0) }))
        // Each but the last asks for the next one's address; it asks for that of one before it, who so is asked for by two.
        let asking = (0..<count).map { user($0, $0 + 1 < count ? $0 + 1 : count - round) }
        let first = try await it.apply(BatchWork(job: 2, at: 1, asking))[0]
        #expect(first.deferred.count == count)
        var rest = (0..<4).map {
            BatchWork(
                job: 2, number: 1 + $0, at: 1, isLastPass: true, firstIndex: UInt32($0 * 100),
                Array(asking[$0 * 100..<$0 * 100 + 100]))
        }
        var (users, calls) = ([AppliedUser](), 0)
        while !rest.isEmpty, calls < 200 {
            calls += 1
            let done = try await it.directory.apply(rest, closeEarly: { false })
            users += done.flatMap(\.users)
            rest.removeFirst(done.count)
        }
        #expect((count - round) / 50 <= calls && calls < 40, "\(calls)")
        // The address that two ask for goes to the one of the circle; who leads to it stays, as do those who wait for that one.
        #expect(users.map(\.index) == (0..<UInt32(count)).map { $0 })
        #expect(users.suffix(round).allSatisfy { $0.outcome == .updated })
        let plain = try SQLiteFixture()
        try await plain.apply(BatchWork((0..<count).map { user($0, $0) }))
        try await plain.apply(BatchWork(job: 2, at: 1, asking))
        let at = try await plain.apply(BatchWork(job: 2, number: 1, at: 1, isLastPass: true, asking))[0].users
        #expect(at == users)
        #expect(try it.people() == plain.people())
    }

    @Test("comes to its end though somebody of its last commit is refused, whatever its length", arguments: 18...24)
    func refused(length: Int) async throws {
        var options = SQLiteUserDirectory.Options(busyTimeout: 0.05)
        options.lastPassSteps = 10
        let it = try SQLiteFixture(options: options)
        try await it.directory.prepare()
        try it.execute(
            """
            CREATE TRIGGER no BEFORE UPDATE ON users WHEN NEW.name = 'Refused' BEGIN SELECT RAISE(ROLLBACK, 'no'); END
            """)
        try await it.apply(BatchWork((0...length + 2).map { user($0, $0) }))
        var asking = (0..<length).map { user($0, $0 + 1) } + [user(length, 9_999)]
        asking.append(TestUser("u\(length + 1)", "a\(length + 2)@x.example", name: "Refused"))
        asking.append(user(length + 2, 8_888))
        let first = try await it.apply(BatchWork(job: 2, at: 1, asking))[0]
        let waiting = asking.indices.filter { first.deferred.contains(UInt32($0)) }.map { (index: UInt32($0), user: asking[$0]) }
        let last = BatchWork(job: 2, number: 1, at: 1, isLastPass: true, BatchPayload(waiting))
        var (users, calls) = ([AppliedUser](), 0)
        while users.isEmpty, calls < 50 {
            calls += 1
            users = try await it.directory.apply([last], closeEarly: { false }).flatMap(\.users)
        }
        #expect(users.count == waiting.count && users.last?.code == .refusedByDatabase, "\(calls)")
        #expect(users.dropLast().allSatisfy { $0.outcome == .updated })
    }

    @Test("is gone anew where a copy of the file was put back in between, which knows nothing of who waits")
    func putBack() async throws {
        let (it, batches) = try await waiting(steps: 60, isCircle: false)
        let copy = it.folder.appendingPathComponent("copy.sqlite").path
        try it.execute("VACUUM INTO '\(copy)'")
        for _ in 0..<12 { #expect(try await it.directory.apply(batches, closeEarly: { false }).isEmpty) }
        for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: it.path + suffix) }
        try FileManager.default.removeItem(atPath: it.path)
        try FileManager.default.moveItem(atPath: copy, toPath: it.path)
        try it.execute("DELETE FROM usersync_waiting")
        var (rest, calls) = (batches, 0)
        while !rest.isEmpty, calls < 100 {
            calls += 1
            guard let done = try? await it.directory.apply(rest, closeEarly: { false }) else { continue }
            rest.removeFirst(done.count)
        }
        #expect(rest.isEmpty)
    }
}
