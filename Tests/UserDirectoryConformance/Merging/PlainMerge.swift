import SyncModel
import UserDirectory

/// The rules of a merge of tenant `a` into tenant `t`, plainly: every row is compared with every other one.
struct PlainMerge {
    var world: MergeWorld
    var merge = UserMerge()
    /// The time of the merge, in seconds of `Timestamp.at`.
    let now: Int
    /// Rows that an earlier merge left behind.
    var left: Set<Int> = []

    init(_ world: MergeWorld, now: Int) { (self.world, self.now) = (world, now) }

    typealias Row = MergeWorld.Row

    private func isKinde(_ id: String) -> Bool { id.hasPrefix("kp_") }

    /// All ids by which a row is known, of either kind, wherever they are stored.
    private func ids(_ row: Row) -> (platform: Set<String>, kinde: Set<String>) {
        let platform = row.platformID.map { isKinde($0) ? [] : [$0] } ?? []
        let kinde = [row.platformID, row.kindeID].compactMap { $0 }.filter(isKinde)
        return (Set(platform), Set(kinde))
    }

    private func areOnePerson(_ one: Row, _ other: Row) -> Bool {
        let (a, b) = (ids(one), ids(other))
        return !a.platform.isDisjoint(with: b.platform) || !a.kinde.isDisjoint(with: b.kinde)
            || one.email.lowercased() == other.email.lowercased()
    }

    private func haveOtherIDs(_ one: Row, _ other: Row) -> Bool {
        let (a, b) = (ids(one), ids(other))
        // A Kinde id in the column of platform ids leaves no room for one of these.
        let taken = a.platform.isEmpty || other.platformID == nil ? 0 : ids(other).platform.union(a.platform).count
        let isOccupied = !a.platform.isEmpty && other.platformID.map(isKinde) == true
        return taken > 1 || a.kinde.union(b.kinde).count > 1 || isOccupied
    }

    /// A time that can be believed.
    private func believed(_ time: Int?) -> Int { time.map { $0 <= now + 300 ? $0 : .min } ?? .min }
    /// An older list does not bring back who was removed since, however late it came.
    private func isNewer(_ a: Row, _ t: Row) -> Bool {
        func news(_ row: Row) -> Int { believed(row.news) == .min ? believed(row.seen) : believed(row.news) }
        return (news(a), believed(a.seen)) > (news(t), believed(t.seen))
    }

    /// Merges, unless there are conflicts.
    mutating func run() {
        let tenants = world.rows.filter { $0.tenant == "a" && !left.contains($0.key) }.sorted { $0.key < $1.key }
        let targets = world.rows.filter { $0.tenant == "t" }.sorted { $0.key < $1.key }
        var joined: [(a: Row, t: Row)] = []
        var moved: [Row] = []
        for a in tenants {
            let partners = targets.filter { areOnePerson(a, $0) }
            let rivals = tenants.filter { rival in rival.key != a.key && partners.contains { areOnePerson(rival, $0) } }
            if partners.count > 1 {
                refuse(a, partners[0], .severalOfTarget)
            } else if let t = partners.first {
                if !rivals.isEmpty {
                    refuse(a, t, .severalOfTenant)
                } else if haveOtherIDs(a, t) {
                    refuse(a, t, .otherID)
                } else {
                    joined.append((a, t))
                }
            } else {
                moved.append(a)
            }
        }
        (merge.moved, merge.joined) = (moved.count, joined.count)
        let (before, now) = (world, now)
        for row in moved {
            change(row.key) {
                $0.tenant = "t"; $0.written = now
            }
        }
        for (a, t) in joined { join(a, t) }
        obeyRemovals(moved, joined, targets)
        moveRemovals()
        if merge.conflicts > 0 { world = before }
    }

    private func known(_ row: Row) -> UserMerge.Row {
        let found = ids(row)
        let kinde = row.kindeID.flatMap { isKinde($0) ? $0 : nil }
        return UserMerge.Row(crmUserID: Int64(row.key), platformID: found.platform.first, kindeID: kinde ?? found.kinde.first)
    }

    private mutating func refuse(_ a: Row, _ t: Row, _ reason: UserMerge.Reason) {
        merge.conflicts += 1
        if merge.firstConflicts.count < 20 { merge.firstConflicts.append(.init(reason, user: known(a), other: known(t))) }
    }

    private mutating func change(_ key: Int, _ body: (inout Row) -> Void) {
        for at in world.rows.indices where world.rows[at].key == key { body(&world.rows[at]) }
    }

    private mutating func join(_ a: Row, _ t: Row) {
        if a.isAdmin != t.isAdmin || (a.roles ?? "[]") != (t.roles ?? "[]") { merge.withOtherRights += 1 }
        let now = now
        let (mine, yours) = (ids(a), ids(t))
        let (isNewer, hasNewerNews) = (isNewer(a, t), believed(a.news) > believed(t.news))
        let swaps = world.scope == .global && isNewer && a.email.lowercased() != t.email.lowercased()
        let switches = isNewer && a.isActive != t.isActive
        if switches { if a.isActive { merge.reactivated += 1 } else { merge.deactivated += 1 } }
        change(t.key) { row in
            let before = row
            if row.platformID == nil { row.platformID = mine.platform.first }
            if yours.kinde.isEmpty, let id = mine.kinde.first { row.kindeID = id }
            if swaps { row.email = a.email }
            if isNewer { (row.isActive, row.seen) = (a.isActive, a.seen) }
            if row != before, before.platformID != row.platformID || before.kindeID != row.kindeID || swaps || switches {
                row.written = now
            }
            if hasNewerNews { row.news = a.news }
        }
        change(a.key) { row in
            if row.isActive { row.written = now }
            (row.isActive, row.seen, row.news) = (false, now, now)
            if swaps { row.email = t.email }
        }
        left.insert(a.key)
    }

    /// A removal that came to one tenant while the other one had the row is obeyed now, if it is newer than what is known.
    private mutating func obeyRemovals(_ moved: [Row], _ joined: [(a: Row, t: Row)], _ targets: [Row]) {
        var due: [Int: Int] = [:]
        for removal in world.removals where removal.at <= now + 300 {
            let seen = removal.tenant == "a" ? targets : removal.tenant == "t" ? moved + joined.map(\.a) : []
            for row in seen where row.platformID == removal.id || row.kindeID == removal.id {
                let key = joined.first { $0.a.key == row.key }?.t.key ?? row.key
                due[key] = max(due[key] ?? .min, removal.at)
            }
        }
        for (key, moment) in due {
            let now = now
            let pair = joined.first { $0.t.key == key }
            let row = targets.first { $0.key == key } ?? moved.first { $0.key == key }
            guard moment > max(believed(row?.news), believed(pair?.a.news)) else { continue }
            var wasActive = false
            change(key) { row in
                wasActive = row.isActive
                if row.isActive { row.written = now }
                (row.isActive, row.news, row.seen) = (false, moment, now)
            }
            if wasActive { merge.removed += 1 }
        }
    }

    /// Of two for one id the newer one counts, if it can be believed.
    private mutating func moveRemovals() {
        var kept = world.removals.filter { $0.tenant != "a" }
        for removal in world.removals where removal.tenant == "a" {
            if let at = kept.firstIndex(where: { $0.tenant == "t" && $0.id == removal.id }) {
                let both = [kept[at].at, removal.at]
                kept[at].at = both.filter { $0 <= now + 300 }.max() ?? removal.at
            } else {
                kept.append(.init(tenant: "t", id: removal.id, at: removal.at))
            }
        }
        world.removals = kept
    }
}
