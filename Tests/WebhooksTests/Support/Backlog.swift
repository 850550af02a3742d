import JobQueue
import SyncModel

@testable import Webhooks

/// Deliveries that wait in an outbox, each held once it was leased.
struct Backlog {
    var waiting: [Delivery]
    var held: [String: DeliveryLease] = [:]
    private var last: Int64 = 0

    init(_ waiting: [Delivery]) { self.waiting = waiting }

    mutating func lease(_ query: DeliveryQuery, until: Timestamp?) -> [LeasedDelivery] {
        var counts: [String: Int] = [:]
        return waiting.filter { delivery in
            let destination = delivery.what.destination
            guard held[delivery.what.id] == nil, !query.excludes(destination),
                counts[destination, default: 0] < query.perDestination
            else { return false }
            counts[destination, default: 0] += 1
            return true
        }.prefix(query.limit).map { delivery in
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
