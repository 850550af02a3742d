import Synchronization
import UserDirectory

/// Counts the calls that are running or waiting for the one connection.
final class PendingCalls: Sendable {
    private let count = Atomic<Int>(0)

    func enter() { count.add(1, ordering: .relaxed) }
    func leave() { count.subtract(1, ordering: .relaxed) }

    /// Whether another call waits behind the one that runs.
    var isAnybodyWaiting: Bool { count.load(ordering: .relaxed) > 1 }
}
