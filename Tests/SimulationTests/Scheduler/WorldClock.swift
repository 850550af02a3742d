import SyncModel

/// The time of a simulated world as one of its processes has it.
struct WorldClock: Clock {
    struct Instant: InstantProtocol {
        var offset: Duration
        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (a: Instant, b: Instant) -> Bool { a.offset < b.offset }
    }

    let executor: SeededExecutor

    var now: Instant { Instant(offset: executor.scheduler.now) }
    var minimumResolution: Duration { .nanoseconds(1) }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try await executor.scheduler.sleep(for: now.duration(to: deadline), executor, isWork: false)
    }

    /// The time of day: each world begins at the same moment.
    var wall: WallClock { wall(ahead: 0) }

    /// The time of day on a machine whose clock is so many seconds ahead.
    func wall(ahead: Double) -> WallClock {
        let scheduler = executor.scheduler
        return WallClock {
            let (seconds, attoseconds) = scheduler.now.components
            let passed = Double(seconds) + Double(attoseconds / 1_000_000_000_000) / 1_000_000
            return Self.start.advanced(bySeconds: passed + ahead)
        }
    }

    static let start = Timestamp(microseconds: 1_790_000_000_000_000)
}
