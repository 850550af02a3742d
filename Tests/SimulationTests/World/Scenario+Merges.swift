import SyncModel
import TestSupport

extension Scenario {
    static func tenant(_ number: Int) -> TenantID { TenantID("t\(number)") }

    /// Draws that tenants are made one while their jobs run. From a generator of its own: the rest of an older seed's scenario stays
    /// what it was.
    mutating func drawMerges() {
        var random = SeededGenerator(seed: seed &* 0x9E37_79B9_7F4A_7C15 &+ 3)
        func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
        func chance(_ one: Int) -> Bool { number(1...one) == 1 }
        let tenants = Set(plans.map(\.tenant)).sorted()
        guard tenants.count > 1, chance(3) else { return }
        func tenant() -> Int { tenants[number(0...(tenants.count - 1))] }
        let last = chance(2) ? 60 : 4_000
        for _ in 0..<number(1...3) {
            let (alias, target) = (tenant(), tenant())
            let at = number(0...last)
            events.append((at, .merge(tenant: alias, into: target)))
            if chance(4) { events.append((at + number(0...600), .cancelMerges)) }
            // The keys that a name has used stay the tenant's: what is sent again under a forgotten name is another tenant's request.
            let hasKeys = plans.contains { $0.tenant == alias && $0.request?.isKeyed == true }
            if chance(4), !hasKeys { events.append((at + number(0...3_000), .forgetName(tenant: alias))) }
        }
        events.sort { $0.at < $1.at }
    }

    /// Each tenant with those that may become one with it: what holds back the jobs of one holds back those of the others.
    var groups: [TenantID: Set<TenantID>] {
        var groups: [TenantID: Set<TenantID>] = [:]
        for case .merge(let alias, let target) in events.map(\.what) {
            let (one, other) = (Self.tenant(alias), Self.tenant(target))
            let group = groups[one, default: [one]].union(groups[other, default: [other]])
            for member in group { groups[member] = group }
        }
        return groups
    }

    /// Names that may stop standing for a tenant: their later jobs do not wait for the earlier ones, which stay the tenant's.
    var forgottenNames: Set<TenantID> {
        Set(events.compactMap { if case .forgetName(let tenant) = $0.what { Self.tenant(tenant) } else { nil } })
    }
}
