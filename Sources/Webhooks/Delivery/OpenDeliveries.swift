import JobQueue
import SyncModel

/// The deliveries that the courier has started and whose attempt is not recorded yet, each with its lease: one that is redelivered
/// while it is being sent is open twice. (A lease alone does not name an attempt: a shared store may number them per delivery.)
struct OpenDeliveries {
    private struct Attempt: Hashable {
        var id: String
        var lease: DeliveryLease
    }

    private enum Stage: String {
        case sending = "being sent"
        case recording = "being recorded"
    }

    private var stages: [Attempt: Stage] = [:]

    var count: Int { stages.count }
    var isEmpty: Bool { stages.isEmpty }

    mutating func start(_ leased: LeasedDelivery) throws(ImpossibleTransition) {
        try move(leased, from: nil, to: .sending, on: "start")
    }

    /// Its attempt has its answer, which is to be recorded.
    mutating func sent(_ leased: LeasedDelivery) throws(ImpossibleTransition) {
        try move(leased, from: .sending, to: .recording, on: "sent")
    }

    /// The result of its attempt is on disk.
    mutating func settled(_ leased: LeasedDelivery) throws(ImpossibleTransition) {
        try move(leased, from: .recording, to: nil, on: "settled")
    }

    private mutating func move(
        _ leased: LeasedDelivery, from stage: Stage?, to next: Stage?, on event: String
    ) throws(ImpossibleTransition) {
        let attempt = Attempt(id: leased.delivery.what.id, lease: leased.lease)
        let present = stages[attempt]
        guard present == stage else {
            throw ImpossibleTransition(.delivery, attempt.id, in: present?.rawValue ?? "not open", met: event)
        }
        stages[attempt] = next
    }
}
