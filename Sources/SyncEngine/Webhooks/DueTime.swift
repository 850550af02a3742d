import SyncModel

/// The time by which deliveries become due: the machine's, except that it goes on where that is set back. What was to be sent an
/// hour ahead of the new time would wait for an hour otherwise.
struct DueTime: Sendable {
    private let wall: WallClock
    private let elapsed: @Sendable () -> Duration
    private let sleep: @Sendable (_ untilElapsed: Duration) async throws -> Void
    private var last: Timestamp
    private var lastElapsed: Duration

    /// Seconds that the machine's clock may fall behind by itself: it is followed then.
    private static let slack: Double = 2

    /// - Parameter clock: goes on evenly, whatever the machine's clock is set to.
    init(wall: WallClock, clock: some Clock<Duration>) {
        let start = clock.now
        self.wall = wall
        elapsed = { start.duration(to: clock.now) }
        sleep = { try await clock.sleep(until: start.advanced(by: $0), tolerance: nil) }
        last = wall.now()
        lastElapsed = .zero
    }

    mutating func now() -> Timestamp {
        // In this order: what passes between the two makes an alarm early, which is put right, never late.
        let elapsed = self.elapsed()
        let wall = self.wall.now()
        let expected = last.advanced(bySeconds: (elapsed - lastElapsed) / .seconds(1))
        last = expected.seconds(since: wall) > Self.slack ? expected : wall
        lastElapsed = elapsed
        return last
    }

    /// What sleeps until `moment`. The end is fixed here: it is no later where the sleep begins late.
    func alarm(at moment: Timestamp) -> @Sendable () async throws -> Void {
        let end = lastElapsed + .seconds(max(0, moment.seconds(since: last)))
        return { [sleep] in try await sleep(end) }
    }
}
