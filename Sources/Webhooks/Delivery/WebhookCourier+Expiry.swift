import JobQueue
import ServiceSupport
import SyncModel

/// Deliveries whose time is over.
extension WebhookCourier {
    /// The most deliveries that one commit makes dead.
    private static let expiryPage = 256
    /// Seconds between two looks at least, however close together deliveries expire.
    private static let shortestPause: Double = 1

    /// Makes deliveries dead that were not taken in time, if it is time to look: once in a heartbeat, and when the next one expires.
    func expire() async {
        let now = due.now()
        guard now >= expiryLookAt else { return }
        expiryLookAt = now.advanced(bySeconds: Self.heartbeat)
        defer { if alarmAt.map({ expiryLookAt < $0 }) ?? true { nextIsUnknown = true } }
        guard let time = expiryTime() else { return }
        do {
            let found = try await outbox.expireDeliveries(now: time, limit: Self.expiryPage)
            for delivery in found.deliveries {
                metrics.countExpired()
                log.expired(delivery)
            }
            if found.deliveries.count == Self.expiryPage {
                // The rest after what can be sent meanwhile.
                expiryLookAt = now
                signal.yield()
            } else if let next = found.nextAt {
                let pause = max(next.seconds(since: time), Self.shortestPause)
                expiryLookAt = min(expiryLookAt, now.advanced(bySeconds: pause))
            }
            expiring.worked()
        } catch {
            expiring.failed(error)
        }
    }

    private func expiryTime() -> Timestamp? { expiry.now(wall: wall.now(), elapsed: start.duration(to: machine.now)) }

    /// Decides what follows from an attempt. What the answer does not say itself is added to its error.
    func decide(
        _ outcome: inout WebhookSender.Outcome, _ answer: DestinationAnswer, of delivery: Delivery
    ) -> DeliveryAttempt.Next {
        let (wall, due) = (wall.now(), due.now())
        let wanted = DeliveryDecision.next(
            after: outcome, answer, attempt: delivery.attempts.saturatingAdd(1), now: wall, due: due, random: machine.random())
        if wanted == .putOff, let error = outcome.error, let end = limiter.health(of: delivery.what.destination)?.pace.waitsUntil
        {
            // As the machine's clock will show it.
            let told = "\(error), waits until \(wall.advanced(bySeconds: end.seconds(since: due)).iso8601)"
            outcome.error = told
            log.held(delivery.what.destination, until: end, error: told, now: due)
        }
        let secondsLeft = expiryTime().map { delivery.expiresAt.seconds(since: $0) } ?? .infinity
        let next = DeliveryDecision.within(secondsLeft, wanted, from: due)
        if next != wanted { outcome.error = ExpiredDelivery.error(after: outcome.error) }
        return next
    }
}
