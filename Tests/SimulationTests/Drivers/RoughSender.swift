import JobQueue
import SyncModel

@testable import Webhooks

/// Sends to the receiver as one process does; what it does is told to the monitor.
struct RoughSender: DeliverySender {
    let receiver: Receiver
    let weather: Weather

    /// As long as an attempt may take.
    private static let limit = CourierLimits().attempt

    func send(_ delivery: Delivery, _ body: [UInt8], at now: Timestamp) async throws -> WebhookSender.Outcome {
        let attempt = WatchedDeliveries.Attempt(
            life: weather.life, origin: delivery.what.destination, id: delivery.what.id, number: delivery.attempts + 1)
        guard !weather.executor.isDead else { throw CancellationError() }
        let monitor = weather.monitor
        if let due = delivery.nextAttemptAt, due > now { monitor.fail("\(delivery.what.id) is sent before it is due") }
        monitor.deliveries { $0.begins(attempt, at: weather.scheduler.now) }
        do {
            let (outcome, answer) = try await exchange(delivery)
            guard !weather.executor.isDead else { throw CancellationError() }
            let time = weather.scheduler.now
            if answer != .taken { monitor.refused(at: time + (answer.wait ?? .zero)) }
            monitor.tell { $0.ended(attempt, answer, at: time) }
            return outcome
        } catch {
            if !weather.executor.isDead { monitor.tell { $0.brokeOff(attempt) } }
            throw error
        }
    }

    private func exchange(_ delivery: Delivery) async throws -> (WebhookSender.Outcome, WatchedDeliveries.Answer) {
        let fails = weather.scenario.faults.webhookFails
        let fate = weather.fate(failing: fails, losing: fails / 4)
        await weather.pass()
        guard !weather.executor.isDead else { throw CancellationError() }
        if case .fails = fate, delivery.attempts < 3 { return refused(503, nil) }
        var timesOut = false
        switch receiver.answer(delivery.what.destination, at: weather.scheduler.now) {
        case .refuses(let status, let retryAfter): return refused(status, retryAfter)
        case .takes(let pause):
            timesOut = pause >= Self.limit
            guard pause > .zero else { break }
            try await weather.scheduler.sleep(for: min(pause, Self.limit), weather.executor, isWork: true)
            guard !weather.executor.isDead else { throw CancellationError() }
        }
        receiver.take(delivery.what.id)
        weather.executor.note("webhook taken")
        await weather.pass()
        try Task.checkCancellation()
        if case .losesItsAnswer = fate, delivery.attempts < 3 { timesOut = true }
        return timesOut
            ? (WebhookSender.Outcome(error: "timeout after 15 s"), .failed) : (WebhookSender.Outcome(status: 200), .taken)
    }

    private func refused(_ status: Int?, _ retryAfter: Int?) -> (WebhookSender.Outcome, WatchedDeliveries.Answer) {
        weather.executor.note("webhook refused: \(status.map(String.init) ?? "down")")
        let error = status.map { "HTTP \($0)" } ?? "connection refused"
        let outcome = WebhookSender.Outcome(status: status, error: error, retryAfter: retryAfter.map(String.init))
        let asksToWait = status == 429 || (status == 503 && retryAfter != nil)
        return (outcome, asksToWait ? .asksToWait(.seconds(retryAfter ?? 0)) : .failed)
    }

    func close() async {}
}
