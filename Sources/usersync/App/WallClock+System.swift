import Foundation
import SyncModel

extension WallClock {
    /// The machine's clock.
    static let system = WallClock { Timestamp(seconds: Date().timeIntervalSince1970) }
}
