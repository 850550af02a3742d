import JobQueue
import Metrics

/// The courier's figures: `usersync_webhook_attempts_total{result}` and `usersync_webhook_attempt_seconds`.
struct CourierMetrics: Sendable {
    private let delivered = Self.counter("delivered")
    private let retry = Self.counter("retry")
    private let dead = Self.counter("dead")
    private let duration = Timer(label: "usersync_webhook_attempt_seconds")

    private static func counter(_ result: String) -> Counter {
        Counter(label: "usersync_webhook_attempts_total", dimensions: [("result", result)])
    }

    func count(_ next: DeliveryAttempt.Next, took: Duration) {
        switch next {
        case .delivered: delivered.increment()
        case .retry: retry.increment()
        case .dead: dead.increment()
        }
        duration.recordNanoseconds(Int64(took / .nanoseconds(1)))
    }
}
