package import SyncModel

/// The safety net under the notifications: a driver that keeps in memory what may be leased compares that with its tables.
package protocol QueueReconciling: Sendable {
    /// Compares the tables of some tenants with their state in memory, and continues with others at the next call; likewise what is kept
    /// of pending deliveries. A difference found by two calls in a row is corrected.
    /// - Parameter limit: tenants per call, besides those under suspicion; bounds how long writers wait.
    /// - Returns: what was corrected. It should always be empty: count it, and log it as an error.
    func reconcile(limit: Int) async throws -> [QueueRepair]
}

extension QueueReconciling {
    /// If only the tables decide, there is nothing to compare.
    package func reconcile(limit: Int) async throws -> [QueueRepair] { [] }
}

/// An error in the state in memory, or in the due time of a delivery.
package struct QueueRepair: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        /// A tenant's jobs would have waited for ever: nothing in memory knew of them.
        case forgottenWork = "forgotten_work"
        /// A tenant without work was listed as having some.
        case inventedWork = "invented_work"
        /// A batch that has ended was still held, and its tenant with it.
        case staleLease = "stale_lease"
        /// A tenant was put off although none of its batches waits for another attempt.
        case staleBackoff = "stale_backoff"
        /// A tenant was reserved for a lease by a call that has returned.
        case staleClaim = "stale_claim"
        /// A tenant's place in the queue, or the count of its leases, was wrong.
        case misplaced
        /// A job that is being cancelled was not known as such, or one was that is not being cancelled.
        case wrongCancel = "wrong_cancel"
        /// A delivery that waits for no other had no due time.
        case undueDelivery = "undue_delivery"
        /// What waits for a destination would have been looked for too late, or never.
        case forgottenDestination = "forgotten_destination"
        /// Jobs of a tenant were held for a merge that has ended.
        case forgottenHold = "forgotten_hold"
    }

    package var kind: Kind
    /// `nil` for a cancel and a destination, and for a delivery without one.
    package var tenantID: TenantID?
    package var destination: String?

    package init(kind: Kind, tenantID: TenantID?, destination: String? = nil) {
        self.kind = kind
        self.tenantID = tenantID
        self.destination = destination
    }
}
