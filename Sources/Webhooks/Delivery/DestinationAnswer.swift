import SyncModel

/// What the answer to an attempt says about its destination.
enum DestinationAnswer: Sendable, Hashable {
    /// It took the delivery.
    case taken
    /// It works, and did not take this delivery.
    case refused
    /// It cannot take deliveries: no answer, 5xx, 408.
    case failed
    /// It takes none for some seconds: 429, or 503 with `Retry-After`. `nil` if it did not say for how long.
    case wait(seconds: Double?)

    /// - Parameter now: compared with a date in `Retry-After`.
    init(_ outcome: WebhookSender.Outcome, isConfiguredURL: Bool, now: Timestamp) {
        let asked = outcome.retryAfter.flatMap { RetryAfter.seconds($0, now: now) }
        if outcome.isDelivered {
            self = .taken
        } else if outcome.status == 429 || (outcome.status == 503 && asked != nil) {
            self = .wait(seconds: asked.map { min($0, isConfiguredURL ? RetryAfter.cap : Self.longestCallbackWait) })
        } else {
            self = outcome.isTrouble ? .failed : .refused
        }
    }

    /// Seconds for which the destination of a callback may ask us to wait. The configured one may ask for a day.
    private static let longestCallbackWait: Double = 3600
}
