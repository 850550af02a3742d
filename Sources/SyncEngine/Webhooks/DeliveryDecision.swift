import JobQueue
import SyncModel

/// What follows from an attempt.
enum DeliveryDecision {
    /// 2xx: delivered. Hopeless, or the schedule's last attempt: dead. Else again, after the schedule's delay or the answer's
    /// `Retry-After` (at most 24 h), whichever is longer: a receiver may ask for more patience, but not make us spend all
    /// attempts in seconds.
    /// - Parameters:
    ///   - attempt: the attempt's number, from 1.
    ///   - now: the moment of its end; a date in `Retry-After` is measured by it.
    ///   - due: the same moment as `DueTime` has it, from which the delay counts; `nil`: the same.
    static func next(
        after outcome: WebhookSender.Outcome, attempt: Int, now: Timestamp, due: Timestamp? = nil, random: Double
    ) -> DeliveryAttempt.Next {
        if outcome.isDelivered { return .delivered }
        guard !outcome.isHopeless, let delay = DeliverySchedule.delay(afterAttempt: attempt, random: random) else { return .dead }
        let asked = outcome.retryAfter.flatMap { RetryAfter.seconds($0, now: now) } ?? 0
        return .retry(at: (due ?? now).advanced(bySeconds: max(delay, asked)))
    }
}
