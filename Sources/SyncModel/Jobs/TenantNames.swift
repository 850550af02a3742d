/// The names that a request gives its tenant, and what is known of them.
package struct TenantNames: Sendable, Hashable {
    /// `X-Tenant-ID`.
    package let sent: TenantID
    /// Further ones that may be learnt: at most one of each kind, and none of the kind of `sent`.
    package private(set) var others: [TenantID] = []
    /// One that the tenant called `sent` cannot have too, unless an operator said so: another of a kind of which the platform gives a
    /// tenant one, or any name of a tenant where `sent` is what a mistake leaves. Labels contradict nothing: callers may give a tenant
    /// an id that looks like one.
    package private(set) var foreign: TenantID?
    /// Whether the directory has users of a name's tenant, as asked before acceptance; absent if it was not asked or cannot say.
    package var hasUsers: [TenantID: Bool] = [:]

    /// - Parameter others: in the order of trust; those that cannot be learnt are left out.
    package init(sent: TenantID, others: [TenantID] = []) {
        self.sent = sent
        guard let kind = sent.nameKind else {
            // A request that may not have named its tenant at all teaches nothing.
            foreign = sent.isMistake ? others.first { $0.nameKind != nil } : nil
            return
        }
        var kinds = [kind: sent]
        for name in others {
            guard let kind = name.nameKind else { continue }
            if let present = kinds[kind] {
                if present != name, kind != .subdomain, foreign == nil { foreign = name }
            } else {
                kinds[kind] = name
                self.others.append(name)
            }
        }
    }

    /// The same, of which nothing can be learnt.
    package var withoutOthers: TenantNames {
        var names = self
        names.others = []
        return names
    }
}
