import ServiceSupport
import Synchronization

/// When a commit was last at a batch boundary.
final class BoundaryClock: Sendable {
    private let machine: Machine
    private let last: Mutex<ContinuousClock.Instant>

    init(_ machine: Machine) {
        self.machine = machine
        last = Mutex(machine.now)
    }

    func pass() {
        let now = machine.now
        last.withLock { $0 = now }
    }

    var elapsed: Duration { last.withLock { $0 }.duration(to: machine.now) }
}
