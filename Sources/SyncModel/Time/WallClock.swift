/// The time of day, injected so that tests can set it. The rules of `SyncModel` never read a clock of their own.
package struct WallClock: Sendable {
    /// The present moment.
    package let now: @Sendable () -> Timestamp

    package init(now: @escaping @Sendable () -> Timestamp) { self.now = now }
}
