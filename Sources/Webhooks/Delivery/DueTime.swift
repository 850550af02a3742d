import SyncModel

/// The time by which deliveries become due: the machine's clock, except that it keeps running if that is set back. Otherwise,
/// setting the clock back an hour would delay every delivery by an hour.
struct DueTime: Sendable {
    private let wall: WallClock
    private let elapsed: @Sendable () -> Duration
    private let sleep: @Sendable (_ untilElapsed: Duration) async throws -> Void
    private var last: Timestamp
    /// What had elapsed just before the machine's clock was last read, and just after.
    private var lastElapsed: (before: Duration, after: Duration)

    /// Seconds that the machine's clock may fall behind by itself; up to that, it is followed.
    private static let slack: Double = 2

    /// - Parameter clock: runs evenly, whatever the machine's clock is set to.
    init(wall: WallClock, clock: some Clock<Duration>) {
        let start = clock.now
        self.wall = wall
        elapsed = { start.duration(to: clock.now) }
        sleep = { try await clock.sleep(until: start.advanced(by: $0), tolerance: nil) }
        last = wall.now()
        lastElapsed = (.zero, .zero)
    }

    mutating func now() -> Timestamp {
        let before = self.elapsed()
        let wall = self.wall.now()
        // However long that took: nothing that the machine's clock has already shown counts twice.
        let expected = last.advanced(bySeconds: (before - lastElapsed.after) / .seconds(1))
        last = expected.seconds(since: wall) > Self.slack ? expected : wall
        lastElapsed = (before, self.elapsed())
        return last
    }

    /// Returns a function that sleeps until `moment`. The end is fixed here, so it is not later if the sleep begins late. Time
    /// that passed while the machine's clock was read makes it early, which is corrected.
    func alarm(at moment: Timestamp) -> @Sendable () async throws -> Void {
        let end = lastElapsed.before + .seconds(max(0, moment.seconds(since: last)))
        return { [sleep] in try await sleep(end) }
    }
}
