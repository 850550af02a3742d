import SyncModel
import TestSupport
import Testing
import UserDirectory

@Suite("The end does not depend on how a request is cut, sorted or committed")
struct CutAndOrderTests {
    @Test(
        "a driver does what the plain rules do, however the request comes to it; PROPERTY_RUNS tries more",
        arguments: DirectoryDriver.allAndResting, Property.seeds(fresh: 25))
    func differential(driver: DirectoryDriver, seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        for number in 0..<driver.casesPerSeed {
            let found = OrderCase.random(&random)
            let manners = [OrderRun.Manner()] + (0..<3).map { _ in OrderRun.Manner.random(&random) }
            for manner in manners {
                let again = random
                guard let difference = try await difference(driver, found, manner, again) else { continue }
                let (smallest, last) = try await shrunk(driver, found, manner, again, difference)
                Issue.record("PROPERTY_SEED=\(seed), case \(number), \(manner): \(last)\n\(smallest)")
                return
            }
        }
    }

    @Test(
        "nor on the order of its users, but for those that share an id or an email",
        arguments: Property.seeds(fresh: 200))
    func order(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<10 {
            var found = OrderCase.random(&random)
            while true {
                guard let difference = Self.reordered(found, random) else { break }
                guard let smaller = found.smaller.first(where: { Self.reordered($0, random) != nil }) else {
                    Issue.record("PROPERTY_SEED=\(seed): \(difference)\n\(found)")
                    return
                }
                found = smaller
            }
        }
    }

    /// How the plain rules end with one request in other orders; `nil`: as in its own.
    private static func reordered(_ found: OrderCase, _ random: SeededGenerator) -> String? {
        var random = random
        for at in found.requests.indices {
            guard case .sync(let users, let time) = found.requests[at] else { continue }
            for _ in 0..<8 {
                let order = OrderCase.reordered(users, &random)
                var other = found
                other.requests[at] = .sync(order.map { users[$0] }, at: time)
                let (expected, ended) = (found.expected(), other.expected())
                let words = order.map { expected.words[at][$0] }
                if words != ended.words[at] || expected.rows != ended.rows {
                    return "in the order \(order): \(ended.words[at]), not \(words); \(ended.rows), not \(expected.rows)"
                }
            }
        }
        return nil
    }

    /// What a driver does otherwise than the plain rules.
    private func difference(
        _ driver: DirectoryDriver, _ found: OrderCase, _ manner: OrderRun.Manner, _ random: SeededGenerator
    ) async throws -> String? {
        let expected = found.expected()
        let it = try await driver.make(found.scope)
        var run = OrderRun(it, manner, random)
        try run.store(found.rows, others: found.others)
        for (at, request) in found.requests.enumerated() {
            let words =
                switch request {
                case .removal(let id, let time): [try await run.remove(id, at: time)]
                case .sync(let users, let time): try await run.sync(users, at: time)
                }
            if words != expected.words[at] { return "request \(at): \(words), not \(expected.words[at])" }
        }
        let stored = try run.stored(Set(found.rows.compactMap(\.key)))
        return stored == expected.rows ? nil : "rows \(stored), not \(expected.rows)"
    }

    private func shrunk(
        _ driver: DirectoryDriver, _ found: OrderCase, _ manner: OrderRun.Manner, _ random: SeededGenerator, _ said: String
    ) async throws -> (OrderCase, String) {
        var (smallest, said) = (found, said)
        search: while true {
            for smaller in smallest.smaller {
                if let difference = try await difference(driver, smaller, manner, random) {
                    (smallest, said) = (smaller, difference)
                    continue search
                }
            }
            return (smallest, said)
        }
    }

    // MARK: By hand

    /// Each way a request of these users is brought: whether they come in one batch, and among how many others.
    private static let manners = [
        OrderRun.Manner(), .init(batchUsers: 1), .init(padding: 150), .init(batchUsers: 1, runUsers: 1),
        .init(padding: 150, batchUsers: 50, closesEarly: true), .init(padding: 150, batchUsers: 50, tellsIDs: true),
    ]

    private func user(_ id: String?, _ email: String, name: String = "New") -> PlainRules.User {
        PlainRules.User(id: id, email: "\(email)@x.example", name: name)
    }

    @Test(
        "nobody gets another's row and rights, whoever comes first and however many come along", arguments: DirectoryDriver.all,
        manners)
    func rightsStay(driver: DirectoryDriver, manner: OrderRun.Manner) async throws {
        for isReversed in [false, true] {
            let it = try await driver.make(.global)
            var run = OrderRun(it, manner, SeededGenerator(seed: 1))
            try run.store(
                [.init(key: 1, id: "1", email: "alice@x.example", name: "Alice", department: "Board", isAdmin: true)], others: [])
            let users = [user("1", "zalice", name: "Alice"), user("2", "alice", name: "Bob")]
            let words = try await run.sync(isReversed ? users.reversed() : users, at: 1)
            #expect(words == (isReversed ? ["created", "updated"] : ["updated", "created"]))
            #expect(
                try run.stored([1]) == [
                    .init(
                        key: 1, id: "1", email: "zalice@x.example", name: "Alice", department: "Board", isAdmin: true, time: 1),
                    .init(id: "2", email: "alice@x.example", name: "Bob", time: 1),
                ])
        }
    }

    @Test("a chain of addresses ends the same in every order and cut", arguments: DirectoryDriver.all, manners)
    func chains(driver: DirectoryDriver, manner: OrderRun.Manner) async throws {
        let users = [user("9", "a"), user("1", "b"), user("2", "c")]
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let it = try await driver.make(.global)
            var run = OrderRun(it, manner, SeededGenerator(seed: 2))
            try run.store(
                [.init(key: 1, id: "1", email: "a@x.example"), .init(key: 2, id: "2", email: "b@x.example")], others: [])
            let words = try await run.sync(order.map { users[$0] }, at: 1)
            #expect(words == order.map { $0 == 0 ? "created" : "updated" }, "\(order)")
            #expect(
                try run.stored([1, 2]) == [
                    .init(key: 1, id: "1", email: "b@x.example", name: "New", time: 1),
                    .init(key: 2, id: "2", email: "c@x.example", name: "New", time: 1),
                    .init(id: "9", email: "a@x.example", name: "New", time: 1),
                ], "\(order)")
        }
    }
}
