/// What a webhook waits for: `WEBHOOK_ORDER`.
package enum WebhookOrder: String, Sendable, Hashable, CaseIterable {
    /// For none other.
    case any
    /// Until all earlier ones of its tenant are delivered or dead.
    case tenant
}
