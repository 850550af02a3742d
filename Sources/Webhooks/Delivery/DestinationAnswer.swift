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
            self = .wait(seconds: asked.map { min($0, Self.longestWait(isConfiguredURL: isConfiguredURL)) })
        } else {
            self = outcome.isTrouble ? .failed : .refused
        }
    }

    /// The same; if it asks to wait and does not say how long, but that no more is taken in its window: until the end of that.
    func timed(by quota: ReceiverQuota?) -> DestinationAnswer {
        guard self == .wait(seconds: nil), let quota, quota.remaining <= 0 else { return self }
        return .wait(seconds: quota.seconds)
    }

    /// Seconds for which a destination may ask us to wait: the configured one for a day, that of a callback for an hour.
    static func longestWait(isConfiguredURL: Bool) -> Double { isConfiguredURL ? RetryAfter.cap : 3600 }
}
