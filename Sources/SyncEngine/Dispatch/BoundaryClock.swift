import Synchronization

/// When a commit was last at a batch boundary.
final class BoundaryClock: Sendable {
    private let last: Mutex<ContinuousClock.Instant>

    init() { last = Mutex(.now) }

    func pass() {
        last.withLock { $0 = .now }
    }

    var elapsed: Duration { last.withLock { $0 }.duration(to: .now) }
}
