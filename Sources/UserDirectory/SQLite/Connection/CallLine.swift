import Synchronization

/// How many calls are under way or wait for the one connection.
final class CallLine: Sendable {
    private let count = Atomic<Int>(0)

    func enter() { count.add(1, ordering: .relaxed) }
    func leave() { count.subtract(1, ordering: .relaxed) }

    /// Somebody waits beside the call that runs.
    var isAnybodyWaiting: Bool { count.load(ordering: .relaxed) > 1 }
}
