import Foundation
package import SyncModel

extension WallClock {
    /// The machine's clock, rounded down to the milliseconds of the integration guide's timestamps.
    package static let system = WallClock {
        Timestamp(microseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)) * 1000)
    }
}
