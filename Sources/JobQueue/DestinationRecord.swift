package import SyncModel

/// What a courier has learnt of a destination, kept beyond its process.
package struct DestinationRecord: Sendable, Hashable {
    /// `DeliveryHead.destination`.
    package var destination: String
    /// Deliveries that it takes in a second, to a thousandth; `nil` if no limit is known.
    package var rate: Double?
    /// Until when it asked to wait, if it did.
    package var heldUntil: Timestamp?
    package var learntAt: Timestamp

    package init(destination: String, rate: Double?, heldUntil: Timestamp?, learntAt: Timestamp) {
        self.destination = destination
        self.rate = rate
        self.heldUntil = heldUntil
        self.learntAt = learntAt
    }
}
