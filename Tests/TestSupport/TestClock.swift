import Foundation
import Synchronization
package import SyncModel

/// A clock that a test moves. Between the moves it stands still, unless it is one that runs.
package final class TestClock: Sendable {
    private let start: @Sendable () -> Timestamp
    private let moved = Mutex(Timestamp(microseconds: 0))

    private init(start: @escaping @Sendable () -> Timestamp) { self.start = start }

    /// A clock that stands still at `start`.
    package convenience init(at start: Timestamp = Timestamp(iso8601: "2026-01-05T08:00:00Z") ?? Timestamp(microseconds: 0)) {
        self.init { start }
    }

    /// A clock that goes on with the machine's.
    package static func running() -> TestClock { TestClock { Timestamp(seconds: Date().timeIntervalSince1970) } }

    package var now: Timestamp {
        Timestamp(microseconds: start().microseconds + moved.withLock { $0.microseconds })
    }

    package var wallClock: WallClock { WallClock { self.now } }

    /// Moves the clock on; back if `seconds` is negative.
    package func advance(_ seconds: Double = 1) {
        moved.withLock { $0 = $0.advanced(bySeconds: seconds) }
    }
}
