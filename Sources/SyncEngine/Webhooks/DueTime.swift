import SyncModel

/// The time by which deliveries become due: the machine's, except that it goes on where that is set back. What was to be sent an
/// hour ahead of the new time would wait for an hour otherwise.
struct DueTime: Sendable {
    private let wall: WallClock
    private let elapsed: @Sendable () -> Duration
    private let sleep: @Sendable (_ untilElapsed: Duration) async throws -> Void
    private var last: Timestamp
    /// What had elapsed just before the machine's clock was read last, and just after.
    private var lastElapsed: (before: Duration, after: Duration)

    /// Seconds that the machine's clock may fall behind by itself: it is followed then.
    private static let slack: Double = 2

    /// - Parameter clock: goes on evenly, whatever the machine's clock is set to.
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
        // However long that took: nothing that the machine's clock showed already counts once more.
        let expected = last.advanced(bySeconds: (before - lastElapsed.after) / .seconds(1))
        last = expected.seconds(since: wall) > Self.slack ? expected : wall
        lastElapsed = (before, self.elapsed())
        return last
    }

    /// What sleeps until `moment`. The end is fixed here: it is no later where the sleep begins late. What passed while the machine's
    /// clock was read makes it early, which is put right.
    func alarm(at moment: Timestamp) -> @Sendable () async throws -> Void {
        let end = lastElapsed.before + .seconds(max(0, moment.seconds(since: last)))
        return { [sleep] in try await sleep(end) }
    }
}
