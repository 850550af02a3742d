import JobQueue
import SyncModel
import Synchronization
import TestSupport

@testable import Webhooks

/// Attempts that end when they are told to, each with a 200 unless told otherwise.
final class HeldSender: DeliverySender {
    /// How many have begun.
    let begun = Gauge()
    /// How many may end, in the order begun.
    let allowed = Gauge()
    private let count = Mutex(0)
    private let ids = Mutex<[String]>([])
    private let outcome: @Sendable (_ number: Int) -> WebhookSender.Outcome

    init(_ outcome: @escaping @Sendable (_ number: Int) -> WebhookSender.Outcome = { _ in .init(status: 200) }) {
        self.outcome = outcome
    }

    /// What was sent, in the order begun.
    var sent: [String] { ids.withLock { $0 } }

    func send(_ delivery: Delivery, _ body: [UInt8], at now: Timestamp) async throws -> WebhookSender.Outcome {
        ids.withLock { $0.append(delivery.what.id) }
        let number = count.withLock { count in
            count += 1
            begun.set(count)
            return count
        }
        try await allowed.reaches(number)
        return outcome(number)
    }

    func close() async {}
}
