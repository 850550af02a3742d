import JobQueue
import Metrics
import Telemetry

/// The courier's metrics, made once.
struct CourierMetrics: Sendable {
    private let delivered: Counter
    private let retry: Counter
    private let dead: Counter
    private let putOff: Counter
    private let duration = Metric(
        "usersync_webhook_attempt_seconds", "How long an attempt took.", buckets: MetricBuckets.attempt
    ).timer()

    init() {
        let attempts = Metric(
            "usersync_webhook_attempts_total",
            "Attempts to deliver a webhook, and webhooks that died without one, by what became of them.")
        delivered = attempts.counter(("result", "delivered"))
        retry = attempts.counter(("result", "retry"))
        dead = attempts.counter(("result", "dead"))
        putOff = attempts.counter(("result", "put_off"))
    }

    func count(_ next: DeliveryAttempt.Next, took: Duration) {
        switch next {
        case .delivered: delivered.increment()
        case .retry: retry.increment()
        case .putOff: putOff.increment()
        case .dead: dead.increment()
        }
        duration.recordNanoseconds(Int64(took / .nanoseconds(1)))
    }

    /// A delivery is dead without another attempt.
    func countExpired() { dead.increment() }
}
