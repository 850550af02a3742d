import JobQueue
import SyncModel
import Synchronization

@testable import Webhooks

/// The wrapper's end of the webhooks; it outlives the processes.
final class Receiver: Sendable {
    private let taken = Mutex<[String: Int]>([:])

    /// How often each delivery was taken.
    var counts: [String: Int] { taken.withLock { $0 } }

    func take(_ id: String) { taken.withLock { $0[id, default: 0] += 1 } }
}

/// Sends to it as one process does.
struct RoughSender: DeliverySender {
    let receiver: Receiver
    let weather: Weather

    func send(_ delivery: Delivery, _ body: [UInt8], at now: Timestamp) async throws -> WebhookSender.Outcome {
        let fails = weather.scenario.faults.webhookFails
        let fate = weather.fate(failing: fails, losing: fails / 4)
        await weather.pass()
        guard !weather.executor.isDead else { throw CancellationError() }
        if case .fails = fate, delivery.attempts < 3 {
            weather.executor.note("webhook refused")
            weather.monitor.refused(at: weather.scheduler.now)
            return WebhookSender.Outcome(status: 503, error: "HTTP 503")
        }
        receiver.take(delivery.what.id)
        weather.executor.note("webhook taken")
        await weather.pass()
        try Task.checkCancellation()
        if case .losesItsAnswer = fate, delivery.attempts < 3 {
            weather.monitor.refused(at: weather.scheduler.now)
            return WebhookSender.Outcome(error: "timeout after 15 s")
        }
        return WebhookSender.Outcome(status: 200)
    }

    func close() async {}
}
