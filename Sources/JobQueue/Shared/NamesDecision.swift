package import SyncModel

/// Whose a job is, and what its names teach. Decided in the transaction that accepts the job, from what the tables say there.
///
/// A pair is learnt only while one side is unused: it has neither jobs nor users. Jobs are the queue's, so the transaction sees them.
/// Users are the directory's, in another database, and are asked for before. That is safe: users of a name come from its jobs, which
/// the transaction sees, even if they were accepted after the question; or from other programs that write the directory, which have
/// no part in any transaction of the queue. Those are seen if they were there when the question was asked.
///
/// One request teaches all or nothing: if any two of its names belong to tenants that are in use, or to one that has another name of
/// the same kind already, its data are wrong somewhere, and which of the names is wrong cannot be known. So are they if two of its names
/// are of one kind. Nothing is learnt of a tenant that an operator made an alias of itself.
package struct NamesDecision: Sendable, Hashable {
    /// The tenant whose job it is.
    package private(set) var tenantID: TenantID
    /// Names that become aliases of `tenantID`.
    package private(set) var learnt: [TenantID] = []
    /// A name in the request that belongs to another tenant than `tenantID`.
    package private(set) var contradiction: TenantID?
    /// Names of which the directory has to say whether it has users before anything can be learnt.
    package private(set) var unasked: [TenantID] = []
    private let sentName: TenantID

    /// - Parameter known: reads what the queue knows of a name; all in one transaction.
    package init(_ names: TenantNames, known: (TenantID) throws -> KnownName) rethrows {
        let sent = try known(names.sent)
        (tenantID, sentName) = (sent.tenantID, names.sent)
        if let name = names.foreign, try known(name).tenantID != sent.tenantID {
            contradiction = name
            return
        }
        guard !names.others.isEmpty else { return }
        let others = try names.others.map { (name: $0, known: try known($0)) }
        guard let foreign = others.first(where: { $0.known.tenantID != sent.tenantID })?.name else { return }
        let all = [(name: names.sent, known: sent)] + others
        let settled = all.filter(\.known.isSettled).map(\.known)
        let unused = all.filter { !$0.known.isSettled }.map(\.name)
        let present = settled.first.map { [$0.tenantID] + $0.aliases } ?? []
        let isOneTenant = Set(settled.map(\.tenantID)).count <= 1
        let isClosed = settled.contains { $0.aliases.contains($0.tenantID) }
        guard isOneTenant, !isClosed, Self.areOfOneTenant(present, unused) else {
            contradiction = foreign
            return
        }
        unasked = unused.filter { names.hasUsers[$0] == nil }
        guard unasked.isEmpty else { return }
        let withUsers = unused.filter { names.hasUsers[$0] == true }
        guard withUsers.count + (settled.isEmpty ? 0 : 1) <= 1 else {
            contradiction = foreign
            return
        }
        let tenantID = settled.first?.tenantID ?? withUsers.first ?? names.sent
        self.tenantID = tenantID
        learnt = unused.filter { $0 != tenantID }
    }

    /// Whether a tenant with the names that are `present` may have the `further` ones: one of each kind at most.
    private static func areOfOneTenant(_ present: [TenantID], _ further: [TenantID]) -> Bool {
        let taken = Set(present.compactMap(\.nameKind))
        return further.allSatisfy { name in name.nameKind.map { !taken.contains($0) } ?? true }
    }

    /// Whether there is anything to tell beyond whose the job is.
    package var isNews: Bool { !learnt.isEmpty || contradiction != nil || !unasked.isEmpty }

    /// For the caller of a request whose names contradict each other, or could not be learnt; `nil` otherwise.
    package var warning: String? {
        if let contradiction {
            guard !sentName.isMistake else {
                return
                    "X-Tenant-ID \"\(sentName)\" names no tenant, but the request names \"\(contradiction)\" too: the job is that of the sent name, and nothing was learnt"
            }
            return
                "The request names its tenant \"\(contradiction)\" too, which is another tenant here: they were not made one, and nothing was learnt"
        }
        guard let name = unasked.first else { return nil }
        return
            "The CRM's database could not say whether it has users of \"\(name)\": nothing was learnt, and the job is that of the sent name"
    }
}
