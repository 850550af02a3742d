package import SyncModel
import Synchronization

/// A clock that stands still until it is told to go on; time of day and sleeping in one.
package final class ManualClock: Clock, Sendable {
    package struct Instant: InstantProtocol {
        package var offset: Duration
        package func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        package func duration(to other: Instant) -> Duration { other.offset - offset }
        package static func < (a: Instant, b: Instant) -> Bool { a.offset < b.offset }
    }

    private struct State {
        var now = Instant(offset: .zero)
        var nextID = 0
        var sleepers: [Int: (until: Instant, wake: CheckedContinuation<Void, any Error>)] = [:]
    }

    private let state = Mutex(State())
    private let sleeping = Gauge()
    package let start: Timestamp

    package init(start: Timestamp = Timestamp(microseconds: 1_790_000_000_000_000)) { self.start = start }

    package var now: Instant { state.withLock { $0.now } }
    package var minimumResolution: Duration { .nanoseconds(1) }

    /// The time of day this clock shows.
    package var timestamp: Timestamp {
        let (seconds, attoseconds) = now.offset.components
        return Timestamp(microseconds: start.microseconds + seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
    }

    package var wall: WallClock { WallClock { self.timestamp } }

    package func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (wake: CheckedContinuation<Void, any Error>) in
                let isOver = state.withLock { state in
                    guard deadline > state.now, !Task.isCancelled else { return true }
                    state.sleepers[id] = (deadline, wake)
                    sleeping.set(state.sleepers.count)
                    return false
                }
                if isOver {
                    if Task.isCancelled { wake.resume(throwing: CancellationError()) } else { wake.resume() }
                }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                defer { sleeping.set(state.sleepers.count) }
                return state.sleepers.removeValue(forKey: id)
            }
            sleeper?.wake.resume(throwing: CancellationError())
        }
    }

    /// Moves the clock on and wakes whoever slept until then.
    package func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.now = state.now.advanced(by: duration)
            let due = state.sleepers.filter { $0.value.until <= state.now }
            for id in due.keys { state.sleepers[id] = nil }
            sleeping.set(state.sleepers.count)
            return due.values.sorted { $0.until < $1.until }
        }
        for sleeper in due { sleeper.wake.resume() }
    }

    /// Returns once so many sleep.
    package func sleepers(_ count: Int) async throws { try await sleeping.reaches(count) }
}
