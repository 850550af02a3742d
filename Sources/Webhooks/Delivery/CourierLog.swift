import JobQueue
import Logging
import SyncModel

/// What the courier logs about its attempts: ids, destination, status and error; no body and no secret.
struct CourierLog {
    let logger: Logger
    private var toldOfWithheldKey = false

    init(_ logger: Logger) { self.logger = logger }

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
        case .putOff: logger.info("Webhook put off: its destination asks to wait", metadata: metadata)
        case .dead: logger.error("Webhook dead", metadata: metadata)
        }
        if outcome.keyWithheld, !toldOfWithheldKey {
            toldOfWithheldKey = true
            logger.warning(
                "The API key is left out of webhooks: WRAPPER_WEBHOOK_URL is http and leads to a public address; use https")
        }
    }

    /// The attempt was recorded before, or is not counted.
    func leaseLost(_ attempt: DeliveryAttempt) {
        logger.info("Webhook's lease was lost", metadata: ["delivery": "\(attempt.deliveryID)"])
    }
}
