import JobQueue
import SyncModel

@testable import Webhooks

/// Deliveries that wait in an outbox, each held once it was leased.
struct Backlog {
    var waiting: [Delivery]
    var held: [String: DeliveryLease] = [:]
    private var last: Int64 = 0

    init(_ waiting: [Delivery]) { self.waiting = waiting }

    mutating func lease(_ query: DestinationLimiter.OutboxQuery, until: Timestamp?) -> [LeasedDelivery] {
        waiting.filter { held[$0.what.id] == nil && !query.excludingDestinations.contains($0.what.destination) }
            .prefix(query.limit).map { delivery in
                last += 1
                held[delivery.what.id] = DeliveryLease(value: last)
                return LeasedDelivery(delivery, lease: DeliveryLease(value: last), expiresAt: until)
            }
    }

    mutating func release(_ leased: [LeasedDelivery]) {
        for one in leased where held[one.delivery.what.id] == one.lease { held[one.delivery.what.id] = nil }
    }

    /// Nothing of it waits any more.
    mutating func settle(_ leased: LeasedDelivery) {
        waiting.removeAll { $0.what.id == leased.delivery.what.id }
        held[leased.delivery.what.id] = nil
    }
}
