import SyncModel
import Synchronization
import Testing
import UserDirectory

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
}
