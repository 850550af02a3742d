/// The time of day, injected so that tests can set it. The rules of `SyncModel` never read a clock themselves.
package struct WallClock: Sendable {
    /// Returns the present time.
    package let now: @Sendable () -> Timestamp

    package init(now: @escaping @Sendable () -> Timestamp) { self.now = now }
}
