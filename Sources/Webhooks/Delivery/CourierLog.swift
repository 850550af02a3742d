import JobQueue
import Logging
import SyncModel

/// What the courier logs about its attempts: ids, destination, status and error; no body and no secret.
struct CourierLog {
    let logger: Logger
    private var toldOfWithheldKey = false
    /// The holds that were logged, `mostHolds` at most.
    private var holds: [String: Hold] = [:]

    private struct Hold {
        /// The end that was logged.
        var told: Timestamp
        /// The present end.
        var end: Timestamp
    }

    static let mostHolds = 1024

    init(_ logger: Logger) { self.logger = logger }

    /// How many holds are known.
    var knownHolds: Int { holds.count }

    mutating func attempt(_ delivery: Delivery, _ outcome: WebhookSender.Outcome, _ next: DeliveryAttempt.Next) {
        var metadata: Logger.Metadata = [
            "delivery": "\(delivery.what.id)", "destination": "\(delivery.what.destination)",
            "attempt": "\(delivery.attempts.saturatingAdd(1))",
        ]
        if let job = delivery.what.jobID { metadata["job"] = "\(job)" }
        if let status = outcome.status { metadata["status"] = "\(status)" }
        if let error = outcome.error { metadata["error"] = "\(error)" }
        switch next {
        case .delivered: logger.debug("Webhook delivered", metadata: metadata)
        case .retry(let at):
            metadata["retryAt"] = "\(at.iso8601)"
            logger.warning("Webhook not taken", metadata: metadata)
        case .putOff: logger.debug("Webhook put off: its destination asks to wait", metadata: metadata)
        case .dead: logger.error("Webhook dead", metadata: metadata)
        }
        if outcome.keyWithheld, !toldOfWithheldKey {
            toldOfWithheldKey = true
            logger.warning(
                "The API key is left out of webhooks: WRAPPER_WEBHOOK_URL is http and leads to a public address; use https")
        }
    }

    /// A destination gets nothing for a while: told once, not for each of its deliveries, unless that becomes longer by more than a minute.
    /// - Parameter end: replaces the end of a hold that lasts.
    mutating func held(_ destination: String, until end: Timestamp, error: String, now: Timestamp) {
        let known = holds[destination].flatMap { hold in
            hold.end > now && end.seconds(since: hold.told) <= DestinationMemory.pause ? hold : nil
        }
        if holds[destination] == nil { makeRoom(now: now) }
        holds[destination] = Hold(told: known?.told ?? end, end: end)
        guard known == nil else { return }
        logger.notice(
            "Webhooks wait: their destination asks to wait", metadata: ["destination": "\(destination)", "error": "\(error)"])
    }

    /// Forgets holds that are over or, if all last, the one that ends first: of that neither its end nor that it goes on is told any more.
    private mutating func makeRoom(now: Timestamp) {
        guard holds.count >= Self.mostHolds else { return }
        holds = holds.filter { max($0.value.told, $0.value.end) > now }
        guard holds.count >= Self.mostHolds, let first = holds.min(by: { $0.value.end < $1.value.end }) else { return }
        holds[first.key] = nil
    }

    /// A destination takes deliveries again: told if it was said to be held for longer.
    mutating func goesOn(_ destination: String, now: Timestamp) {
        guard let hold = holds.removeValue(forKey: destination), hold.told > now else { return }
        logger.notice("Webhooks go on: their destination takes them again", metadata: ["destination": "\(destination)"])
    }

    /// A delivery is dead that was not taken in time.
    func expired(_ delivery: ExpiredDelivery) {
        var metadata: Logger.Metadata = [
            "delivery": "\(delivery.id)", "destination": "\(delivery.destination)", "attempts": "\(delivery.attempts)",
            "error": "\(delivery.error)",
        ]
        if let job = delivery.jobID { metadata["job"] = "\(job)" }
        logger.error("Webhook dead", metadata: metadata)
    }

    /// The attempt was recorded before, or is not counted.
    func leaseLost(_ attempt: DeliveryAttempt) {
        logger.info("Webhook's lease was lost", metadata: ["delivery": "\(attempt.deliveryID)"])
    }
}
