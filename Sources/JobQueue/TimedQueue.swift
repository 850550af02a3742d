package import SyncModel

/// A queue with a clock.
package protocol TimedQueue: Sendable {
    /// The clock by which the store measures backoffs, leases and due times. Processes that share a store take `now` from it, not
    /// from their machines, whose clocks differ.
    var clock: WallClock { get }
}
