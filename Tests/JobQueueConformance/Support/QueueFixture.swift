package import JobQueue
package import SyncModel
package import Synchronization
package import TestSupport

/// What surrounds a queue under test.
package final class QueueFixture: Sendable {
    package let clock = TestClock()
    package let events = ObservedEvents()
    package let limits: QueueLimits
    package let freeBytes = Mutex<Int64?>(1 << 40)
    package let place = Mutex("")
    /// The one that is killed.
    package let queue = Mutex<(any JobQueue)?>(nil)

    package init(limits: QueueLimits) { self.limits = limits }

    /// How long the leases last that `lease` takes: longer than any test but those about their end.
    package static let leaseSeconds = 3_600.0

    package var now: Timestamp { clock.now }
}
