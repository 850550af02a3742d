/// What happens to users, once more: on plain arrays, a whole request at a time and in the plainest words, to hold a driver against.
struct PlainRules {
    var rows: [Row]
    /// Addresses of other tenants' users, where those may not be taken.
    var elsewhere: Set<String> = []
    /// Removals of ids that nobody had.
    var removed: [String: Int] = [:]

    private func at(id: String?) -> Int? { id.flatMap { id in rows.firstIndex { $0.id == id } } }
    private func at(_ email: String) -> Int? { rows.firstIndex { $0.email == email } }

    mutating func remove(_ id: String, at time: Int) -> String {
        var found = rows.indices.filter { rows[$0].id == id }
        if found.isEmpty { found = rows.indices.filter { rows[$0].kinde == id } }
        guard let first = found.first else {
            removed[id] = max(removed[id] ?? time, time)
            return "user_not_found"
        }
        if found.count > 1 { return "identity_conflict" }
        if time < rows[first].time { return "stale" }
        (rows[first].isActive, rows[first].time) = (false, time)
        return "removed"
    }

    /// Carries a request out; what became of each user, by index.
    mutating func sync(_ users: [User], at time: Int) -> [Int: String] {
        var (open, results) = (users, [Int: String]())
        while !open.isEmpty {
            let ready = open.filter { next($0, open, time) == nil }
            for user in ready { results[user.index] = decide(user, users, time) }
            open.removeAll { ready.contains($0) }
            guard ready.isEmpty, var user = open.first else { continue }
            // All wait for somebody: they wait in a circle, which whoever follows them is in at last.
            for _ in open { user = next(user, open, time)?.user ?? user }
            var circle: [(user: User, isFor: User, shares: Bool)] = []
            while !circle.contains(where: { $0.user == user }), let after = next(user, open, time) {
                circle.append((user, after.user, after.shares))
                user = after.user
            }
            let waitedFor = circle.filter(\.shares).map(\.isFor)
            let done = circle.filter { !$0.shares && (waitedFor.isEmpty || waitedFor.contains($0.user)) }.map(\.user)
            // Addresses alone go round: at once. Where those who share one stand in between, the first of them cannot have it.
            if waitedFor.isEmpty { for user in done { if let row = at(id: user.id) { rows[row].email = "moving \(row)" } } }
            for user in done { results[user.index] = waitedFor.isEmpty ? decide(user, users, time) : "identity_conflict" }
            open.removeAll { done.contains($0) }
        }
        return results
    }

    /// Whom a user waits for: one before it who shares its email or id, or the user who has its address and asks for another.
    private func next(_ user: User, _ open: [User], _ time: Int) -> (user: User, shares: Bool)? {
        let before = open.filter { $0.index < user.index }
        if let sharer = before.last(where: { $0.address == user.address }) { return (sharer, true) }
        if let sharer = before.last(where: { $0.id != nil && $0.id == user.id }) { return (sharer, true) }
        if let own = at(id: user.id), time < rows[own].time || rows[own].email == user.address { return nil }
        guard !elsewhere.contains(user.address), let holder = at(user.address), let id = rows[holder].id,
            let carrier = open.first(where: { $0.id == id }), carrier.address != user.address
        else { return nil }
        return (carrier, false)
    }

    private mutating func decide(_ user: User, _ users: [User], _ time: Int) -> String {
        if let row = at(id: user.id) {
            if time < rows[row].time { return "stale" }
            if rows[row].email != user.address {
                if elsewhere.contains(user.address) { return "email_in_other_tenant" }
                if at(user.address) != nil { return "identity_conflict" }
            }
            return write(user, to: row, time)
        }
        guard let row = at(user.address) else {
            if elsewhere.contains(user.address) { return "email_in_other_tenant" }
            rows.append(Row(id: nil, email: user.address))
            _ = write(user, to: rows.count - 1, time, isNew: true)
            return "created"
        }
        if let id = rows[row].id {
            let carrier = users.last { $0.id == id && $0.index != user.index }
            if let carrier, carrier.address != user.address || carrier.index > user.index { return "identity_conflict" }
            if user.id != nil, user.kinde == nil || user.kinde != rows[row].kinde {
                if time < rows[row].time { return "address_newer" }
                rows[row] = Row(key: rows[row].key, id: nil, email: user.address)
                _ = write(user, to: row, time, isNew: true)
                return "relinked"
            }
        }
        return time < rows[row].time ? "stale" : write(user, to: row, time)
    }

    private mutating func write(_ user: User, to at: Int, _ time: Int, isNew: Bool = false) -> String {
        var row = rows[at]
        let takesID = user.id != nil && row.id != user.id
        (row.email, row.name, row.id, row.kinde) = (user.address, user.name, user.id ?? row.id, user.kinde ?? row.kinde)
        if let department = user.department { row.department = department }
        if let isAdmin = user.isAdmin { row.isAdmin = isAdmin ?? false }
        if let isActive = user.isActive { row.isActive = isActive ?? true }
        // Somebody new, of whom a later removal was heard already.
        let gone = isNew || takesID ? [user.id, user.kinde].compactMap { $0.flatMap { removed[$0] } }.max() : nil
        if let gone, gone > time { row.isActive = false }
        var same = rows[at]
        same.time = row.time
        defer { rows[at].time = max(time, gone ?? time) }
        rows[at] = row
        return row == same ? "unchanged" : "updated"
    }
}
