import JobQueue
import SyncModel
import Synchronization
import TestSupport

@testable import Webhooks

/// Attempts that end when they are told to, each with a 200.
final class HeldSender: DeliverySender {
    /// How many have begun.
    let begun = Gauge()
    /// How many may end, in the order begun.
    let allowed = Gauge()
    private let count = Mutex(0)

    func send(_ delivery: Delivery, at now: Timestamp) async throws -> WebhookSender.Outcome {
        let number = count.withLock { count in
            count += 1
            begun.set(count)
            return count
        }
        try await allowed.reaches(number)
        return WebhookSender.Outcome(status: 200)
    }

    func close() async {}
}
