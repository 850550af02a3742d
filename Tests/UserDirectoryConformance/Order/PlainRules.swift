/// What happens to users, once more: on plain arrays, a whole request at a time and in the plainest words, to hold a driver against.
struct PlainRules {
    var rows: [Row]
    /// Addresses of other tenants' users, where those may not be taken.
    var elsewhere: Set<String> = []
    /// Removals of ids that nobody had.
    var removed: [String: Int] = [:]
    /// By place: who of the request was the last to be found in the row by an id.
    private var foundLast: [Int: User] = [:]
    /// By Kinde id: who of the request was the last of whom several rows had it.
    private var metSeveral: [String: User] = [:]

    init(rows: [Row]) { self.rows = rows }

    private func found(_ user: User) -> [Int] { rows.indices.filter { user.carries(rows[$0]) } }
    private func at(_ email: String) -> Int? { rows.firstIndex { $0.email == email } }

    mutating func remove(_ id: String, at time: Int) -> String {
        let found = rows.indices.filter { (id.hasPrefix("kp_") ? rows[$0].kinde : rows[$0].id) == id }
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
        (foundLast, metSeveral) = ([:], [:])
        var (open, results) = (users, [Int: String]())
        while !open.isEmpty {
            let ready = open.filter { next($0, open, time) == nil }
            for user in ready { results[user.index] = decide(user, open, time) }
            open.removeAll { ready.contains($0) }
            guard ready.isEmpty, var user = open.first else { continue }
            // All wait for somebody: they wait in a circle, which whoever follows them is in at last.
            for _ in open { user = next(user, open, time)?.user ?? user }
            var circle: [(user: User, isFor: User, cause: Cause)] = []
            while !circle.contains(where: { $0.user == user }), let after = next(user, open, time) {
                circle.append((user, after.user, after.cause))
                user = after.user
            }
            let done = leave(circle)
            // Addresses alone go round: at once.
            let goesRound = circle.allSatisfy { $0.cause == .address }
            if goesRound { for user in done { for row in found(user) { rows[row].email = "moving \(row)" } } }
            for user in done {
                if !goesRound { for row in found(user) { foundLast[row] = user } }
                results[user.index] = goesRound ? decide(user, open, time) : "identity_conflict"
            }
            open.removeAll { done.contains($0) }
        }
        return results
    }

    /// Who of a circle is done with next: all, if addresses alone go round; else those who cannot have their address because of
    /// who waits for them otherwise, and where there is none, those whose row is another one's.
    private func leave(_ circle: [(user: User, isFor: User, cause: Cause)]) -> [User] {
        let byAddress = circle.filter { $0.cause == .address }.map(\.user)
        if byAddress.count == circle.count { return byAddress }
        let waitedFor = circle.filter { $0.cause != .address }.map(\.isFor)
        let stuck = byAddress.filter { waitedFor.contains($0) }
        return stuck.isEmpty ? circle.filter { $0.cause == .row }.map(\.user) : stuck
    }

    /// Whom a user waits for: one before it who shares something; the user whose platform id is in the row that its Kinde id
    /// finds; or the user who has its address and asks for another.
    private func next(_ user: User, _ open: [User], _ time: Int) -> (user: User, cause: Cause)? {
        let before = open.filter { $0.index < user.index }
        func sharer(_ shares: (User) -> Bool) -> (User, Cause)? { before.last(where: shares).map { ($0, .sharing) } }
        if let sharer = sharer({ $0.address == user.address }) { return sharer }
        if let sharer = sharer({ $0.key != nil && $0.key == user.key }) { return sharer }
        if let sharer = sharer({ $0.key != nil && $0.key == user.beside }) { return sharer }
        if let sharer = sharer({ $0.beside != nil && $0.beside == user.key }) { return sharer }
        let own = found(user)
        for row in own.prefix(2) where user.kindeKey != nil {
            guard let id = rows[row].id, let owner = open.first(where: { $0.platformKey == id }) else { continue }
            if !owner.shares(with: user) { return (owner, .row) }
        }
        if own.count > 1 { return nil }
        if let own = own.first, time < rows[own].time || rows[own].email == user.address { return nil }
        guard !elsewhere.contains(user.address), let holder = at(user.address) else { return nil }
        for isPlatform in [true, false] {
            let carrier = open.first { ($0.platformKey != nil) == isPlatform && $0.carries(rows[holder]) }
            if let carrier, carrier.address != user.address { return (carrier, .address) }
        }
        return nil
    }

    private mutating func decide(_ user: User, _ open: [User], _ time: Int) -> String {
        let own = found(user)
        if own.count > 1 {
            if let kinde = user.kindeKey { metSeveral[kinde] = user }
            return "identity_conflict"
        }
        for row in own { foundLast[row] = user }
        if let row = own.first {
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
        let isToCome = open.contains { $0 != user && $0.carries(rows[row]) }
        let before = [foundLast[row], rows[row].kinde.flatMap { metSeveral[$0] }].compactMap { $0 }
        let isKept = before.contains { $0.address != user.address || $0.index > user.index }
        if isToCome || isKept { return "identity_conflict" }
        if !user.isThePerson(of: rows[row]) {
            if time < rows[row].time { return "address_newer" }
            rows[row] = Row(key: rows[row].key, id: nil, email: user.address)
            _ = write(user, to: row, time, isNew: true)
            return "relinked"
        }
        return time < rows[row].time ? "stale" : write(user, to: row, time)
    }

    private mutating func write(_ user: User, to at: Int, _ time: Int, isNew: Bool = false) -> String {
        var row = rows[at]
        let takesID =
            user.platformKey != nil && row.id != user.platformKey || user.kindeID != nil && row.kinde != user.kindeID
        (row.email, row.name, row.id) = (user.address, user.name, user.platformKey ?? row.id)
        if let kinde = user.kindeKey { row.kinde = kinde } else if let kinde = user.kinde { row.kinde = kinde }
        if let department = user.department { row.department = department }
        if let isAdmin = user.isAdmin { row.isAdmin = isAdmin ?? false }
        if let isActive = user.isActive { row.isActive = isActive ?? true }
        // Somebody new, of whom a later removal was heard already.
        let gone =
            isNew || takesID
            ? [user.platformKey, user.kindeKey ?? user.beside].compactMap { $0.flatMap { removed[$0] } }.max() : nil
        if let gone, gone > time { row.isActive = false }
        var same = rows[at]
        same.time = row.time
        defer { (rows[at].time, foundLast[at]) = (max(time, gone ?? time), user.key == nil ? foundLast[at] : user) }
        rows[at] = row
        return row == same ? "unchanged" : "updated"
    }
}
