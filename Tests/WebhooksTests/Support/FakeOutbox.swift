import JobQueue
import SyncModel
import Synchronization
import TestSupport

/// An outbox in memory, true to the rules of `DeliveryOutbox`.
actor FakeOutbox: DeliveryOutbox {
    private(set) var deliveries: [String: Delivery] = [:]
    private(set) var attempts: [DeliveryAttempt] = []
    private(set) var questions = 0
    /// So many of the next calls fail.
    private var readFailures = 0
    private var writeFailures = 0
    private let recorded = Gauge()
    private nonisolated let observers = Mutex<[QueueObserver]>([])

    nonisolated func observe(_ observer: QueueObserver) { observers.withLock { $0.append(observer) } }
    private func onDue() { for observer in observers.withLock({ $0 }) { observer.deliveryDue() } }
    func failReads(_ count: Int) { readFailures = count }
    func failWrites(_ count: Int) { writeFailures = count }

    func add(_ what: NewDelivery, at now: Timestamp, attempts: Int = 0) {
        deliveries[what.id] = Delivery(
            what: what, state: .pending, createdAt: now, attempts: attempts, nextAttemptAt: now, lastAttemptAt: nil,
            deliveredAt: nil, lastStatus: nil, lastError: nil)
        onDue()
    }

    func dueDeliveries(
        now: Timestamp, limit: Int, excluding: Set<String>, excludingDestinations destinations: Set<String>
    ) throws -> [Delivery] {
        questions += 1
        if readFailures > 0 {
            readFailures -= 1
            throw QueueError.unavailable("disk full")
        }
        let due = deliveries.values.filter {
            guard let at = $0.nextAttemptAt else { return false }
            return at <= now && !excluding.contains($0.what.id) && !destinations.contains($0.what.destination)
        }
        return Array(due.sorted { ($0.nextAttemptAt!, $0.what.id) < ($1.nextAttemptAt!, $1.what.id) }.prefix(limit))
    }

    func nextDelivery(after now: Timestamp) -> Timestamp? {
        deliveries.values.compactMap(\.nextAttemptAt).filter { $0 > now }.min()
    }

    func record(_ attempt: DeliveryAttempt) throws {
        if writeFailures > 0 {
            writeFailures -= 1
            throw QueueError.unavailable("disk full")
        }
        attempts.append(attempt)
        if var delivery = deliveries[attempt.deliveryID] {
            delivery.attempts += 1
            delivery.lastAttemptAt = attempt.at
            delivery.lastStatus = attempt.status
            delivery.lastError = attempt.error
            switch attempt.next {
            case .delivered: (delivery.state, delivery.nextAttemptAt, delivery.deliveredAt) = (.delivered, nil, attempt.at)
            case .retry(let at): delivery.nextAttemptAt = at
            case .dead: (delivery.state, delivery.nextAttemptAt) = (.dead, nil)
            }
            deliveries[attempt.deliveryID] = delivery
        }
        recorded.set(attempts.count)
    }

    /// Returns once so many attempts have been recorded.
    func attempts(_ count: Int) async throws -> [DeliveryAttempt] {
        try await recorded.reaches(count)
        return attempts
    }
}
