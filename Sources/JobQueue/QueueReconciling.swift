package import SyncModel

/// The net under the wakes. A driver that keeps in memory who may be leased what compares that with its tables.
package protocol QueueReconciling: Sendable {
    /// Compares what the tables hold of some tenants with what memory holds of them, going on with others at the next call. What a
    /// call finds and the next one finds again is put right.
    /// - Parameter limit: tenants of one call, beside those in question; bounds how long writers wait.
    /// - Returns: what was put right. It should never be anything: to be counted, and logged as an error.
    func reconcile(limit: Int) async throws -> [QueueRepair]
}

extension QueueReconciling {
    /// Where the tables alone decide there is nothing to compare.
    package func reconcile(limit: Int) async throws -> [QueueRepair] { [] }
}

/// Something that memory had wrong.
package struct QueueRepair: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        /// A tenant's jobs would have waited for good: nothing in memory knew of them.
        case forgottenWork = "forgotten_work"
        /// A tenant without work stood for one with.
        case inventedWork = "invented_work"
        /// A batch that has ended was held still, and its tenant with it.
        case staleLease = "stale_lease"
        /// A tenant was put off, and no batch of its waits for a next try.
        case staleBackoff = "stale_backoff"
        /// A tenant was reserved for a lease that nobody writes.
        case staleClaim = "stale_claim"
        /// A tenant's place in the line, or what is counted of its leases, was wrong.
        case misplaced
        /// A job that is being cancelled was not known as such, or one was that is not.
        case wrongCancel = "wrong_cancel"
    }

    package var kind: Kind
    /// `nil` for a cancel.
    package var tenantID: TenantID?

    package init(kind: Kind, tenantID: TenantID?) {
        self.kind = kind
        self.tenantID = tenantID
    }
}
