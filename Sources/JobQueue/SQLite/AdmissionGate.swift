import SyncModel
import Synchronization

/// Says at once whether the queue takes more, from what was known before: no statement is run for it.
final class AdmissionGate: Sendable {
    private struct State {
        var failure: String?
        /// When one call was last let through to find out whether writing works again.
        var triedAt: Timestamp?
        var measuredAt: Timestamp?
        var freeBytes: Int64?
        var bytes: Int64 = 0
    }

    private let path: String
    private let limits: QueueLimits
    private let clock: WallClock
    private let disk: DiskGauge
    private let state = Mutex(State())

    /// Seconds between two looks at the disk, and between two tries while writing fails.
    private static let interval: Double = 1
    /// Seconds after which a full queue is asked again: it drains by thousands of users a second.
    private static let retryWhenFull = 10
    private static let retryWhenBroken = 5

    init(path: String, limits: QueueLimits, clock: WallClock, disk: DiskGauge) {
        self.path = path
        self.limits = limits
        self.clock = clock
        self.disk = disk
    }

    /// Told after each group of writes.
    func committed(failure: SQLFailure?) {
        state.withLock { state in
            if let failure {
                if state.failure == nil { state.triedAt = clock.now() }
                state.failure = failure.message
            } else {
                state.failure = nil
            }
        }
    }

    func admission(pendingUsers: Int) -> Admission {
        let now = clock.now()
        return state.withLock { state in
            if let failure = state.failure {
                guard Self.isPast(state.triedAt, now) else {
                    return .refused(reason: "The queue cannot be written: \(failure)", retryAfter: Self.retryWhenBroken)
                }
                state.triedAt = now
            }
            if pendingUsers >= limits.maxPendingUsers {
                return .refused(reason: "\(pendingUsers) users are pending, the limit", retryAfter: Self.retryWhenFull)
            }
            measure(&state, now)
            if let free = state.freeBytes, free < limits.minFreeDiskBytes {
                return .refused(
                    reason: "The disk has \(free) bytes free, below the limit of \(limits.minFreeDiskBytes)",
                    retryAfter: Self.retryWhenFull)
            }
            if let maxBytes = limits.maxBytes, state.bytes >= maxBytes {
                return .refused(reason: "The queue's file has \(state.bytes) bytes, the limit", retryAfter: Self.retryWhenFull)
            }
            return .open
        }
    }

    /// Whether the last group of writes went through.
    var isWritable: Bool { state.withLock { $0.failure == nil } }

    /// Free bytes of the disk, at most a second old.
    var freeBytes: Int64? {
        let now = clock.now()
        return state.withLock { state in
            measure(&state, now)
            return state.freeBytes
        }
    }

    private func measure(_ state: inout State, _ now: Timestamp) {
        guard Self.isPast(state.measuredAt, now) else { return }
        state.measuredAt = now
        state.freeBytes = disk.freeBytes(path)
        if limits.maxBytes != nil { state.bytes = DiskGauge.size(of: path) + DiskGauge.size(of: path + "-wal") }
    }

    /// Also true when the clock was set back.
    private static func isPast(_ moment: Timestamp?, _ now: Timestamp) -> Bool {
        guard let moment else { return true }
        return abs(now.seconds(since: moment)) >= interval
    }
}
