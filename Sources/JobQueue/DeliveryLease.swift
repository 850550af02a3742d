package import SyncModel

/// A fenced right to make one attempt at a delivery. A new lease of the same delivery has another value.
package struct DeliveryLease: Sendable, Hashable {
    package let value: Int64
    package init(value: Int64) { self.value = value }
}

/// A delivery as it was when it was leased.
package struct LeasedDelivery: Sendable, Hashable {
    package var delivery: Delivery
    package var lease: DeliveryLease
    /// When another process may lease it, by the store's clock; `nil`: not before this process ends.
    package var expiresAt: Timestamp?

    package init(_ delivery: Delivery, lease: DeliveryLease, expiresAt: Timestamp?) {
        self.delivery = delivery
        self.lease = lease
        self.expiresAt = expiresAt
    }
}
