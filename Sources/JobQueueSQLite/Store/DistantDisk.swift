import Dispatch
import Synchronization

/// The disk of the directory, where that is another one than the queue's: that of a network file system may hang, which must keep
/// nobody from the queue. So it is measured on a thread of its own, and whoever asks waits a moment for that at most.
final class DistantDisk: Sendable {
    struct Figures: Sendable {
        /// Free bytes; `nil` if the system does not report them.
        var free: Int64?
        /// The length of the directory's log.
        var log: Int64
    }

    private struct State {
        var isMeasuring = false
        var figures: Figures?
        var measuredAt: ContinuousClock.Instant?
    }

    private let state = Mutex(State())
    private let thread = DispatchQueue(label: "usersync.queue.distant-disk")
    private let measure: @Sendable () -> Figures

    /// Once: while a measurement is late, nobody waits for it.
    private static let patience = DispatchTimeInterval.milliseconds(250)
    /// How long a figure is believed while the disk does not answer.
    private static let lifetime = Duration.seconds(10)

    init(measure: @escaping @Sendable () -> Figures) { self.measure = measure }

    /// `nil` if the disk has not answered for some time.
    var figures: Figures? {
        let isFree = state.withLock { state in
            defer { state.isMeasuring = true }
            return !state.isMeasuring
        }
        if isFree {
            let done = DispatchSemaphore(value: 0)
            thread.async { [self] in
                let figures = measure()
                state.withLock { $0 = State(figures: figures, measuredAt: .now) }
                done.signal()
            }
            if done.wait(timeout: .now() + Self.patience) == .success { return state.withLock { $0.figures } }
        }
        return state.withLock { state in
            state.measuredAt.map { $0.duration(to: .now) <= Self.lifetime } ?? false ? state.figures : nil
        }
    }
}
