import SyncModel

/// The rules of CONTRACT §2 once more, on plain arrays and in the plainest words, to hold a driver against.
struct DirectoryModel {
    /// Rows stand in the order of their ids; the ids themselves may have gaps.
    struct Row: Equatable {
        var tenant: TenantID
        var wrapperID: String?
        var email: String
        var name: String
        var department: String?
        var isActive: Bool
        var syncTime: Int64
    }

    struct User {
        var index: UInt32
        var id: String?
        var email: String
        var name: String
        /// Outer nil: absent.
        var department: String??
        var isActive: Bool??
    }

    struct Claim {
        var user: User
        var isMoved = false
    }

    var scope: EmailScope
    var rows: [Row] = []
    var claims: [Int: [Claim]] = [:]

    mutating func remove(_ id: String, tenant: TenantID, at time: Int64) -> String {
        guard let at = rows.firstIndex(where: { $0.tenant == tenant && $0.wrapperID == id }) else { return "user_not_found" }
        if time < rows[at].syncTime { return "stale" }
        rows[at].isActive = false
        rows[at].syncTime = time
        return "removed"
    }

    mutating func sync(_ user: User, job: Int, tenant: TenantID, at time: Int64, isLastPass: Bool) -> String {
        let email = user.email.lowercased()
        func sharesWithEarlier(_ claim: Claim) -> Bool {
            claim.user.index < user.index
                && ((user.id != nil && claim.user.id == user.id) || claim.user.email.lowercased() == email)
        }
        if !isLastPass, (claims[job] ?? []).contains(where: sharesWithEarlier) { return wait(user, job) }
        let byID = user.id.flatMap { id in rows.firstIndex { $0.tenant == tenant && $0.wrapperID == id } }
        let byEmail = rows.firstIndex { $0.tenant == tenant && $0.email == email }
        guard let at = byID ?? byEmail else {
            if isElsewhere(email, tenant) { return "email_in_other_tenant" }
            rows.append(
                Row(
                    tenant: tenant, wrapperID: user.id, email: email, name: user.name,
                    department: user.department ?? nil, isActive: (user.isActive ?? nil) ?? true, syncTime: time))
            return "created"
        }
        if time < rows[at].syncTime { return "stale" }
        if rows[at].email != email {
            if byEmail != nil, !isLastPass { return wait(user, job) }
            if isElsewhere(email, tenant) { return "email_in_other_tenant" }
            if byEmail != nil, !moveOthers(for: user, at: at, job: job, tenant: tenant, time: time) { return "identity_conflict" }
        }
        let before = rows[at]
        rows[at].email = email
        rows[at].wrapperID = user.id ?? before.wrapperID
        rows[at].name = user.name
        if let department = user.department { rows[at].department = department }
        if let isActive = user.isActive { rows[at].isActive = isActive ?? true }
        let wasMoved = isLastPass && (claims[job] ?? []).contains { $0.user.index == user.index && $0.isMoved }
        defer { rows[at].syncTime = time }
        return rows[at] == before && !wasMoved ? "unchanged" : "updated"
    }

    private mutating func wait(_ user: User, _ job: Int) -> String {
        claims[job, default: []].append(Claim(user: user))
        return "deferred"
    }

    private func isElsewhere(_ email: String, _ tenant: TenantID) -> Bool {
        scope == .global && rows.contains { $0.email == email && $0.tenant != tenant }
    }

    /// Follows who asks for whose email; where it comes to an end, everybody on the way gets what he asks for at once.
    private mutating func moveOthers(for user: User, at start: Int, job: Int, tenant: TenantID, time: Int64) -> Bool {
        var new: [Int: String] = [:]
        var moved: [Int] = []
        var wanted = user.email.lowercased()
        while let holder = rows.firstIndex(where: { $0.tenant == tenant && $0.email == wanted }), holder != start {
            let open = (claims[job] ?? []).enumerated().filter {
                $1.user.index > user.index && $1.user.id != nil && $1.user.id == rows[holder].wrapperID
            }
            guard new[holder] == nil, time >= rows[holder].syncTime,
                let next = open.min(by: { $0.element.user.index < $1.element.user.index })
            else { return false }
            wanted = next.element.user.email.lowercased()
            new[holder] = wanted
            moved.append(next.offset)
            if isElsewhere(wanted, tenant) { return false }
        }
        for (row, email) in new { rows[row].email = email }
        for claim in moved { claims[job]?[claim].isMoved = true }
        return true
    }
}
