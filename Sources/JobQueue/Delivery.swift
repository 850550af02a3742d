package import SyncModel

/// A webhook to add to the outbox.
package struct NewDelivery: Sendable, Hashable {
    package var head: DeliveryHead
    /// The whole body, JSON, as signed and sent.
    package var body: [UInt8]

    package var id: String { head.id }
    package var destination: String { head.destination }

    package init(
        id: String, jobID: JobID?, type: String, url: String, isConfiguredURL: Bool, body: [UInt8],
        tenantID: TenantID?, source: String?, traceparent: String?
    ) {
        head = DeliveryHead(
            id: id, jobID: jobID, type: type, url: url, isConfiguredURL: isConfiguredURL, tenantID: tenantID, source: source,
            traceparent: traceparent)
        self.body = body
    }
}

/// A webhook in the outbox. Its body is read when it is sent (`DeliveryOutbox.body`).
package struct Delivery: Sendable, Hashable {
    package var what: DeliveryHead
    package var state: DeliveryState
    package var createdAt: Timestamp
    package var attempts: Int
    /// When it is due; `nil` once delivered or dead, and while it waits for an earlier one of its tenant (`WebhookOrder`).
    package var nextAttemptAt: Timestamp?
    /// Its end: if it is not taken by then, it is dead (`DeliveryOutbox.expireDeliveries`).
    package var expiresAt: Timestamp
    package var lastAttemptAt: Timestamp?
    package var deliveredAt: Timestamp?
    package var lastStatus: Int?
    package var lastError: String?

    /// - Parameter expiresAt: `nil` if it was never redelivered: its lifetime counts from `createdAt`.
    package init(
        what: DeliveryHead, state: DeliveryState, createdAt: Timestamp, attempts: Int, nextAttemptAt: Timestamp?,
        expiresAt: Timestamp? = nil, lastAttemptAt: Timestamp?, deliveredAt: Timestamp?, lastStatus: Int?, lastError: String?
    ) {
        self.what = what
        self.state = state
        self.createdAt = createdAt
        self.attempts = attempts
        self.nextAttemptAt = nextAttemptAt
        self.expiresAt = expiresAt ?? Self.end(from: createdAt)
        self.lastAttemptAt = lastAttemptAt
        self.deliveredAt = deliveredAt
        self.lastStatus = lastStatus
        self.lastError = lastError
    }

    /// The end of a delivery that is created or redelivered at `start`.
    package static func end(from start: Timestamp) -> Timestamp { start.advanced(bySeconds: DeliverySchedule.lifetime) }
}

/// The result of one attempt, and what follows from it.
package struct DeliveryAttempt: Sendable, Hashable {
    package var deliveryID: String
    /// The lease under which it was made.
    package var lease: DeliveryLease
    package var at: Timestamp
    package var status: Int?
    package var error: String?
    package var next: Next

    package enum Next: Sendable, Hashable {
        case delivered
        case retry(at: Timestamp)
        /// It does not count: its destination takes none for now. The delivery stays due, from the attempt on, so that those that
        /// wait for the same destination are tried before it: it may be the only one that is not taken.
        case putOff
        case dead
    }

    package init(_ leased: LeasedDelivery, at: Timestamp, status: Int?, error: String?, next: Next) {
        deliveryID = leased.delivery.what.id
        lease = leased.lease
        self.at = at
        self.status = status
        self.error = error
        self.next = next
    }
}

/// What one call of `JobControl.redeliverDead` did.
package struct Redelivered: Sendable, Hashable {
    /// Deliveries that are to be sent again.
    package var count: Int
    /// Those of them that are not due now: they wait for an earlier one of their tenant, or their destination asked for more than a
    /// minute of patience, which is not over.
    package var waiting: Int
    /// Those of the waiting that wait for an earlier one of their tenant (`WEBHOOK_ORDER=tenant`).
    package var behind: Int
    /// When the last of the destinations' waits is over; `nil` if there are none.
    package var waitsUntil: Timestamp?
    /// Where the next call continues; `nil` if there are no more.
    package var nextCursor: String?

    package init(count: Int, waiting: Int = 0, behind: Int = 0, waitsUntil: Timestamp? = nil, nextCursor: String?) {
        self.count = count
        self.waiting = waiting
        self.behind = behind
        self.waitsUntil = waitsUntil
        self.nextCursor = nextCursor
    }
}

package struct DeliveryFilter: Sendable, Hashable {
    package var state: DeliveryState?
    package var jobID: JobID?
    package var tenantID: TenantID?
    package init() {}
}
