/// The names that a request gives its tenant, and what is known of them.
package struct TenantNames: Sendable, Hashable {
    /// `X-Tenant-ID`.
    package let sent: TenantID
    /// Further ones that may be learnt: at most one of each kind, and none of the kind of `sent`.
    package let others: [TenantID]
    /// Whether the directory has users of a name's tenant, as asked before acceptance; absent if it was not asked or cannot say.
    package var hasUsers: [TenantID: Bool] = [:]

    /// - Parameter others: in the order of trust; those that cannot be learnt are left out.
    package init(sent: TenantID, others: [TenantID] = []) {
        self.sent = sent
        var kinds: Set<TenantNameKind> = []
        guard let kind = sent.nameKind else {
            // A request that may not have named its tenant at all teaches nothing.
            self.others = []
            return
        }
        kinds.insert(kind)
        self.others = others.filter { name in name.nameKind.map { kinds.insert($0).inserted } ?? false }
    }
}
