import SyncModel
import TestSupport
import UserDirectory

extension MergeWorld {
    /// Few ids and addresses, so that rows of the tenants meet often; a third tenant has some of them, too.
    static func random(_ random: inout SeededGenerator) -> MergeWorld {
        func one<Value>(_ values: [Value]) -> Value { values[Int(random.next() % UInt64(values.count))] }
        let (scope, hasMisplaced, isCalm) = (
            one([EmailScope.global, .tenant, .tenant]), one([false, false, true]), one([true, true, true, false])
        )
        var world = MergeWorld(scope)
        var taken: Set<String> = []
        func take(_ text: String, _ tenant: String) -> Bool { taken.insert("\(tenant) \(text)").inserted }
        for key in 1...Int(random.next() % 12 + 1) {
            // Where nothing is to be in conflict, each tenant has a person once, and all ids and the address are that one's.
            let person = (key - 1) / 3
            let tenant = isCalm ? ["a", "t", "o"][key % 3] : one(["a", "a", "a", "t", "t", "t", "o"])
            let number = { (other: Int) in isCalm ? person : other }
            var row = Row(key: key, tenant: tenant)
            row.email = one(["e", "e", "E"]) + "\(number(one([0, 1, 2, 3, 4, 5])))@x.example"
            row.platformID = one([nil, "u\(number(one([0, 1, 2, 3])))", "u\(number(one([0, 1, 2, 3])))"])
            row.kindeID = one([nil, "kp_\(number(one([0, 1, 2])))", "kp_\(number(one([0, 1, 2])))", "undefined"])
            if hasMisplaced, one([true, false]) {
                (row.platformID, row.kindeID) = (one(["kp_0", "kp_1"]), one([nil, nil, "kp_1"]))
            }
            (row.isActive, row.isAdmin, row.roles) = (
                one([true, true, false]), one([true, false]), one(["[]", nil, #"["x"]"#])
            )
            row.department = one([nil, "Board"])
            (row.seen, row.news) = (one([nil, 10, 20, 30, 5_000]), one([nil, 10, 20, 30, 5_000]))
            // A row that the table would refuse.
            if let id = row.platformID, !take(id, tenant) { row.platformID = nil }
            guard take(row.email, scope == .global ? "" : tenant) else { continue }
            world.rows.append(row)
        }
        for _ in 0..<(random.next() % 3) {
            let removal = Removal(
                tenant: one(["a", "t", "o"]), id: one(["u0", "u1", "kp_0", "kp_1", "undefined"]),
                at: one([5, 15, 25, 900, 5_000]))
            if !world.removals.contains(where: { $0.tenant == removal.tenant && $0.id == removal.id }) {
                world.removals.append(removal)
            }
        }
        return world
    }
}
