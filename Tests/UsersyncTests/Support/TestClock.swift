import Foundation
import Synchronization
import SyncModel

/// The machine's clock, moved by what a test wants.
final class TestClock: Sendable {
    private let offset = Mutex<Double>(0)

    var wall: WallClock { WallClock { self.now } }
    var now: Timestamp { Timestamp(seconds: Date().timeIntervalSince1970).advanced(bySeconds: offset.withLock { $0 }) }

    /// Moves the clock by `seconds`.
    func move(by seconds: Double) { offset.withLock { $0 += seconds } }
}
