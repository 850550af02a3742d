import JobQueue
import SyncModel

/// Decides what follows from an attempt.
enum DeliveryDecision {
    /// 2xx: delivered. The destination asks to wait: put off, which costs no attempt. Hopeless, or the schedule's last attempt:
    /// dead. Otherwise another attempt, after the schedule's delay or the answer's `Retry-After` (at most 24 h), whichever is
    /// longer: a receiver may ask for more patience, but not make us use up all attempts in seconds.
    /// - Parameters:
    ///   - attempt: the attempt's number, from 1.
    ///   - now: when it ended; a date in `Retry-After` is compared with it.
    ///   - due: the same moment in `DueTime`, from which the delay counts; `nil` if they are the same.
    static func next(
        after outcome: WebhookSender.Outcome, _ answer: DestinationAnswer, attempt: Int, now: Timestamp,
        due: Timestamp? = nil, random: Double
    ) -> DeliveryAttempt.Next {
        switch answer {
        case .taken: return .delivered
        case .wait: return .putOff
        case .refused, .failed: break
        }
        guard !outcome.isHopeless, let delay = DeliverySchedule.delay(afterAttempt: attempt, random: random) else { return .dead }
        let asked = outcome.retryAfter.flatMap { RetryAfter.seconds($0, now: now) } ?? 0
        return .retry(at: (due ?? now).advanced(bySeconds: max(delay, asked)))
    }

    /// The same within a delivery's lifetime: one that fails after its end, or whose retry would come after it, is dead. A late success
    /// counts.
    /// - Parameters:
    ///   - secondsLeft: until its end; negative if that has passed.
    ///   - due: the present time, from which the retry counts.
    static func within(_ secondsLeft: Double, _ next: DeliveryAttempt.Next, from due: Timestamp) -> DeliveryAttempt.Next {
        switch next {
        case .delivered, .dead: next
        case .putOff: secondsLeft > 0 ? next : .dead
        case .retry(let at): at.seconds(since: due) < secondsLeft ? next : .dead
        }
    }
}
