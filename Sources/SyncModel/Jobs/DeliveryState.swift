/// The state of a webhook in the outbox.
package enum DeliveryState: String, Sendable, Hashable, CaseIterable {
    case pending, delivered, dead
}
