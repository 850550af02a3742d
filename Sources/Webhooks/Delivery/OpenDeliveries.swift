import SyncModel

/// The deliveries that the courier has started and whose attempt is not recorded yet, by id.
struct OpenDeliveries {
    private enum Stage: String {
        case sending = "being sent"
        case recording = "being recorded"
    }

    private var stages: [String: Stage] = [:]

    var count: Int { stages.count }
    var isEmpty: Bool { stages.isEmpty }
    var ids: Set<String> { Set(stages.keys) }

    func contains(_ id: String) -> Bool { stages[id] != nil }

    mutating func start(_ id: String) throws(ImpossibleTransition) { try move(id, from: nil, to: .sending, on: "start") }

    /// Its attempt has its answer, which is to be recorded.
    mutating func sent(_ id: String) throws(ImpossibleTransition) { try move(id, from: .sending, to: .recording, on: "sent") }

    /// The result of its attempt is on disk.
    mutating func settled(_ id: String) throws(ImpossibleTransition) { try move(id, from: .recording, to: nil, on: "settled") }

    private mutating func move(_ id: String, from stage: Stage?, to next: Stage?, on event: String) throws(ImpossibleTransition) {
        guard stages[id] == stage else {
            throw ImpossibleTransition(.delivery, id, in: stages[id]?.rawValue ?? "not open", met: event)
        }
        stages[id] = next
    }
}
