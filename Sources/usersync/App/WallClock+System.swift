import Foundation
import SyncModel

extension WallClock {
    /// The machine's clock, to the millisecond that the integration guide's timestamps show.
    static let system = WallClock {
        Timestamp(microseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)) * 1000)
    }
}
