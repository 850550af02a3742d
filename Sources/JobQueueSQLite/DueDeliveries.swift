import JobQueue
import SyncModel

/// What a query of the outbox finds: of several destinations, read one after the other, the deliveries that are due first.
struct DueDeliveries: Sendable {
    /// A delivery as the index has it.
    struct Key: Sendable {
        var dueAt: Timestamp
        var seq: Int64
        var destination: String
    }

    private let limit: Int
    /// The longest overdue first.
    private(set) var keys: [Key] = []
    /// By destination that was read: when the earliest delivery is due that nobody holds, other than `keys`; `nil`: none is.
    private(set) var next: [String: Timestamp?] = [:]

    init(limit: Int) { self.limit = limit }

    /// A delivery that was asked for by itself: nothing is learnt of its destination.
    init(only key: Key) {
        limit = 1
        keys = [key]
    }

    /// Whether a destination's deliveries can be among the first, if none is due before `time`.
    func mayTake(dueSince time: Timestamp) -> Bool { keys.count < limit || keys.last.map { time < $0.dueAt } ?? false }

    /// Adds what was read of a destination.
    /// - Parameters:
    ///   - free: its first deliveries that are due and that nobody holds.
    ///   - rest: when the first one that is not among them may be due; `nil`: there is none.
    mutating func add(_ free: [Key], of destination: String, rest: Timestamp?) {
        next[destination] = .some(rest)
        keys = (keys + free).sorted { ($0.dueAt, $0.seq) < ($1.dueAt, $1.seq) }
        for key in keys.dropFirst(limit) { lower(key.destination, to: key.dueAt) }
        keys = Array(keys.prefix(limit))
    }

    private mutating func lower(_ destination: String, to time: Timestamp) {
        next[destination] = .some(min(time, (next[destination] ?? nil) ?? time))
    }
}
