import SyncModel
import TestSupport
import UserDirectory

/// What is stored, and the requests that come: what a driver and the plain rules are both asked about.
struct OrderCase: Sendable {
    enum Request: Sendable {
        case sync([PlainRules.User], at: Int)
        case removal(String, at: Int)
    }

    var scope: EmailScope
    var rows: [PlainRules.Row]
    /// Addresses of another tenant's users.
    var others: [String]
    var requests: [Request]

    /// Few ids and addresses, so that users meet often.
    static func random(_ random: inout SeededGenerator) -> OrderCase {
        func one<Value>(_ values: [Value]) -> Value { values[Int(random.next() % UInt64(values.count))] }
        let platformIDs = ["1", "2", "3", "4", "5"]
        let kindes = ["kp_1", "kp_2", "kp_3", "k1"]
        let spots = ["a", "b", "c", "d", "e", "f"]
        var free = (spots: spots, ids: platformIDs)
        let rows = (1...Int(random.next() % 5 + 1)).map { key in
            PlainRules.Row(
                key: key, id: random.next() % 3 == 0 ? nil : free.ids.removeFirst(), kinde: one([nil, nil, nil] + kindes),
                email: free.spots.remove(at: Int(random.next() % UInt64(free.spots.count))) + "@x.example",
                department: one([nil, "Board"]), isAdmin: one([true, false]), time: one([0, 0, 0, 5]))
        }
        let requests: [Request] = (0...Int(random.next() % 3)).map { number in
            let time = number + one([0, 0, 0, 4, -1])
            if random.next() % 6 == 0 { return .removal(one(platformIDs + kindes + ["x"]), at: time + one([0, 3])) }
            let repeats = random.next() % 2 == 0
            // Every user by one kind of id, or both kinds among each other.
            let ids = one([platformIDs + ["x"], Array(kindes.prefix(3)) + ["kp_x"], platformIDs + kindes.prefix(3) + ["x"]])
            var left = (spots: spots, ids: ids)
            let users = (0..<Int(random.next() % 7 + 1)).compactMap { _ -> PlainRules.User? in
                guard let spot = left.spots.randomElement(using: &random), let id = left.ids.randomElement(using: &random) else {
                    return nil
                }
                if !repeats { left = (left.spots.filter { $0 != spot }, left.ids.filter { $0 != id }) }
                return PlainRules.User(
                    id: random.next() % 6 == 0 ? nil : id,
                    kinde: one([.none, .none, .none, .some(nil)] + kindes.map { .some($0) }),
                    email: one([spot, spot.uppercased()]) + "@x.example", name: one(["Ann", "Bob"]),
                    department: one([.none, .none, .some(nil), "Sales"]), isAdmin: one([.none, .none, .some(nil), true, false]),
                    isActive: one([.none, .none, .some(nil), true, false]))
            }
            return .sync(users, at: time)
        }
        return OrderCase(
            scope: one([.global, .tenant]), rows: rows, others: random.next() % 4 == 0 ? [free.spots[0] + "@x.example"] : [],
            requests: requests)
    }

    /// The case with one thing less, each way there is.
    var smaller: [OrderCase] {
        var found: [OrderCase] = []
        func add(_ change: (inout OrderCase) -> Void) {
            var copy = self
            change(&copy)
            found.append(copy)
        }
        for at in requests.indices { add { $0.requests.remove(at: at) } }
        for at in rows.indices { add { $0.rows.remove(at: at) } }
        if !others.isEmpty { add { $0.others = [] } }
        for at in requests.indices {
            guard case .sync(let users, let time) = requests[at] else { continue }
            for user in users.indices {
                add { smaller in
                    var fewer = users
                    fewer.remove(at: user)
                    smaller.requests[at] = .sync(fewer, at: time)
                }
            }
        }
        return found
    }

    /// As the plain rules have it: the words for each request's users, and the rows.
    func expected() -> (words: [[String]], rows: Set<PlainRules.Row>) {
        var rules = PlainRules(rows: rows)
        if scope == .global { rules.elsewhere = Set(others) }
        let words = requests.map { request in
            switch request {
            case .removal(let id, let time): return [rules.remove(id, at: time)]
            case .sync(let users, let time):
                let results = rules.sync(Self.numbered(users), at: time)
                return users.indices.map { results[$0] ?? "none" }
            }
        }
        return (words, Set(rules.rows))
    }

    static func numbered(_ users: [PlainRules.User]) -> [PlainRules.User] {
        users.enumerated().map { index, user in
            var user = user
            user.index = index
            return user
        }
    }

    /// Another order of the same users, in which those who share an id or an email keep theirs; their places in the old one.
    static func reordered(_ users: [PlainRules.User], _ random: inout SeededGenerator) -> [Int] {
        var left = Array(users.indices)
        var order: [Int] = []
        while !left.isEmpty {
            let first = left.filter { at in !left.contains { $0 < at && users[$0].sharesAnything(with: users[at]) } }
            guard let next = first.randomElement(using: &random) else { break }
            order.append(next)
            left.removeAll { $0 == next }
        }
        return order
    }
}
