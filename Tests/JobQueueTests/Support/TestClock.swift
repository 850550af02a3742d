import SyncModel
import Synchronization

/// A clock that stands until it is moved.
final class TestClock: Sendable {
    private let moment = Mutex(Timestamp(iso8601: "2026-01-05T08:00:00Z") ?? Timestamp(microseconds: 0))

    var now: Timestamp { moment.withLock { $0 } }
    var wallClock: WallClock { WallClock { self.now } }

    func advance(_ seconds: Double) {
        moment.withLock { $0 = $0.advanced(bySeconds: seconds) }
    }
}
