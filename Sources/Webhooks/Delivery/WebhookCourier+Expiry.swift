import JobQueue
import ServiceSupport
import SyncModel

/// Deliveries whose time is over.
extension WebhookCourier {
    /// The most deliveries that one commit makes dead.
    private static let expiryPage = 256
    /// Seconds between two looks at least, however close together deliveries expire.
    private static let shortestPause: Double = 1

    /// Begins to make deliveries dead that were not taken in time, if it is time to look: once in a heartbeat, and when the next one
    /// expires. Beside the courier's loop, for a commit may take long; one look at a time.
    func startExpiring() {
        let now = due.now()
        guard now >= expiryLookAt else { return }
        guard let time = expiryTime() else { return lookForExpired(at: now.advanced(bySeconds: Self.heartbeat)) }
        // Not before this look has ended.
        expiryLookAt = Timestamp(microseconds: .max)
        expiryLook = machine.detach { [outbox] in
            do {
                let found = try await outbox.expireDeliveries(now: time, limit: Self.expiryPage)
                await self.haveExpired(found, now: now, time: time)
            } catch {
                await self.couldNotExpire(error)
            }
        }
    }

    /// - Parameters:
    ///   - now: when the look began.
    ///   - time: the same moment, by which deliveries expire.
    private func haveExpired(_ found: ExpiredDeliveries, now: Timestamp, time: Timestamp) {
        for delivery in found.deliveries {
            metrics.countExpired()
            log.expired(delivery)
        }
        expiring.worked()
        var next = now.advanced(bySeconds: Self.heartbeat)
        if found.deliveries.count == Self.expiryPage {
            // The rest after what can be sent meanwhile.
            next = now
        } else if let end = found.nextAt {
            next = min(next, now.advanced(bySeconds: max(end.seconds(since: time), Self.shortestPause)))
        }
        lookForExpired(at: next)
    }

    private func couldNotExpire(_ error: any Error) {
        expiring.failed(error)
        lookForExpired(at: due.now().advanced(bySeconds: Self.heartbeat))
    }

    private func lookForExpired(at next: Timestamp) {
        expiryLookAt = next
        wakeUp(at: next)
    }

    private func expiryTime() -> Timestamp? { expiry.now(wall: wall.now(), elapsed: start.duration(to: machine.now)) }

    /// Decides what follows from an attempt. What the answer does not say itself is added to its error.
    func decide(
        _ outcome: inout WebhookSender.Outcome, _ answer: DestinationAnswer, of delivery: Delivery
    ) -> DeliveryAttempt.Next {
        let (wall, due) = (wall.now(), due.now())
        let wanted = DeliveryDecision.next(
            after: outcome, answer, attempt: delivery.attempts.saturatingAdd(1), now: wall, due: due, random: machine.random())
        if wanted == .putOff, let error = outcome.error, let end = limiter.health(of: delivery.what.destination)?.pace.quietUntil
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
