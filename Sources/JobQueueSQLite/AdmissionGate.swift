import GRDBSQLite
import JobQueue
import SQLiteSupport
import SyncModel
import Synchronization

/// Decides at once whether the queue accepts more, from figures already known: it runs no statement.
///
/// The disk is shared by what is already written, by uploads under way, and by what accepted users will take in the directory:
/// the free room is what all of these leave above `minFreeDiskBytes`.
final class AdmissionGate: Sendable {
    private struct State {
        var failure: SQLiteFailure?
        /// Another process held a lock for longer than any write waits.
        var isLocked = false
        /// When a call was last let through to find out whether writing works again.
        var triedAt: Timestamp?
        var measuredAt: Timestamp?
        var bytes: Int64 = 0
        var room: DiskRoom
        /// What was last reported about the disk.
        var isShort = false

        var isWritable: Bool { failure == nil && !isLocked }
    }

    private let path: String
    private let limits: QueueLimits
    private let clock: WallClock
    private let disk: DiskGauge
    private let elsewhere: DistantDisk?
    private let reserve: DiskReserve
    private let say: @Sendable (String) -> Void
    private let state: Mutex<State>

    /// Seconds between two checks of the disk, and between two attempts while writing fails.
    private static let interval: Double = 1
    /// Seconds after which a full queue may be tried again: it drains by thousands of users per second.
    private static let retryWhenFull = 10
    private static let retryWhenBroken = 5
    /// After a disk was full, it counts as full until this many bytes are free: a single page may fit on a disk that is otherwise
    /// full.
    private static let roomToGoOn: Int64 = 1 << 20

    /// - Parameter say: called once per change: when the queue cannot be written or the disk is short, and when that is over.
    init(
        path: String, limits: QueueLimits, clock: WallClock, disk: DiskGauge, reserve: DiskReserve,
        say: @escaping @Sendable (String) -> Void
    ) {
        self.path = path
        self.limits = limits
        self.clock = clock
        self.disk = disk
        elsewhere = limits.directory.flatMap { place in place.isElsewhere ? DistantDisk { Self.measure(place, disk) } : nil }
        self.reserve = reserve
        self.say = say
        state = Mutex(State(room: DiskRoom(limits: limits)))
    }

    /// Called after each group of writes.
    func committed(_ outcome: GroupOutcome) {
        let word: String? = state.withLock { state in
            let wasWritable = state.isWritable
            switch outcome {
            case .failed(let failure) where failure.isOfLock:
                state.isLocked = true
            case .failed(let failure):
                if state.failure == nil { state.triedAt = clock.now() }
                state.failure = failure
            case .unchanged:
                state.isLocked = false
            case .written:
                state.isLocked = false
                let isFullStill =
                    state.failure?.primaryCode == SQLITE_FULL && disk.freeBytes(path).map { $0 < Self.roomToGoOn } ?? false
                if !isFullStill { state.failure = nil }
            }
            guard state.isWritable != wasWritable else { return nil }
            return state.isWritable
                ? "The queue can be written again"
                : "The queue cannot be written: \(state.failure?.message ?? "another process holds a lock on its file")"
        }
        // The next write has some room then: acknowledged work continues.
        if case .failed(let failure) = outcome, failure.primaryCode == SQLITE_FULL { reserve.release() }
        if let word { say(word) }
    }

    func admission(pendingUsers: Int) -> Admission {
        let now = clock.now()
        let (answer, word): (Admission, String?) = state.withLock { state in
            if let failure = state.failure {
                guard Self.isPast(state.triedAt, now) else {
                    let reason = "The queue cannot be written: \(failure.message)"
                    return (.refused(reason: reason, retryAfter: Self.retryWhenBroken), nil)
                }
                state.triedAt = now
            }
            if pendingUsers >= limits.maxPendingUsers {
                let reason = "\(pendingUsers) users are pending, the limit"
                return (.refused(reason: reason, retryAfter: Self.retryWhenFull), nil)
            }
            measure(&state, now)
            let refusal = state.room.lack(pendingUsers: pendingUsers)
            let isShort = refusal != nil
            let word = refusal.map { "The queue takes no more: \($0)" } ?? "The queue takes more again: there is room on the disk"
            let news = isShort == state.isShort ? nil : word
            state.isShort = isShort
            if let refusal { return (.refused(reason: refusal, retryAfter: Self.retryWhenFull), news) }
            if let maxBytes = limits.maxBytes, state.bytes >= maxBytes {
                let reason = "The queue's file has \(state.bytes) bytes, the limit"
                return (.refused(reason: reason, retryAfter: Self.retryWhenFull), news)
            }
            return (.open, news)
        }
        if let word { say(word) }
        return answer
    }

    /// Whether the last group of writes succeeded.
    var isWritable: Bool { state.withLock { $0.isWritable } }

    /// Free bytes of the disk, at most a second old.
    var freeBytes: Int64? {
        let now = clock.now()
        return state.withLock { state in
            measure(&state, now)
            return state.room.free.queue
        }
    }

    private func measure(_ state: inout State, _ now: Timestamp) {
        guard Self.isPast(state.measuredAt, now) else { return }
        state.measuredAt = now
        state.room.free = freeNow()
        if limits.maxBytes != nil { state.bytes = DiskGauge.size(of: path) + DiskGauge.size(of: path + "-wal") }
    }

    private func freeNow() -> DiskRoom.Free {
        var free = DiskRoom.Free(queue: disk.freeBytes(path))
        if let elsewhere {
            let measured = elsewhere.figures
            (free.directory, free.directoryLog) = (measured?.free, logBeyond(measured?.log ?? 0))
        } else if let directory = limits.directory {
            free.directoryLog = logBeyond(DiskGauge.size(of: directory.path + "-wal"))
        }
        return free
    }

    private static func measure(_ place: QueueLimits.DirectoryPlace, _ disk: DiskGauge) -> DistantDisk.Figures {
        DistantDisk.Figures(free: disk.freeBytes(place.path), log: DiskGauge.size(of: place.path + "-wal"))
    }

    private func logBeyond(_ bytes: Int64) -> Int64 {
        max(0, bytes - DiskMargins.mostLogBytes(minFreeBytes: limits.minFreeDiskBytes))
    }

    /// Also true if the clock was set back.
    private static func isPast(_ moment: Timestamp?, _ now: Timestamp) -> Bool {
        guard let moment else { return true }
        return abs(now.seconds(since: moment)) >= interval
    }
}

extension AdmissionGate {
    // MARK: Room on the disk

    /// Reserves room for an upload.
    /// - Parameter bytes: the size of all its users.
    /// - Throws: `QueueError.full` if there is not enough.
    func setAside(_ bytes: Int64, for upload: UploadID, pendingUsers: Int) throws(QueueError) {
        let reason: String? = state.withLock { state in
            state.room.free = freeNow()
            return state.room.open(upload, bytes: bytes, pendingUsers: pendingUsers)
        }
        if let reason { throw .full(reason) }
    }

    /// The same for users of unknown size, assumed to be as large as recent ones.
    func setAside(users: Int, for upload: UploadID, pendingUsers: Int) throws(QueueError) {
        let bytes = state.withLock { Double(users) * $0.room.userBytes }
        try setAside(Int64(max(0, min(bytes, 1e15))), for: upload, pendingUsers: pendingUsers)
    }

    /// Why this many more bytes of an upload may not be written; `nil` if they may, and they then count as written.
    func append(_ bytes: Int64, users: Int, to upload: UploadID, pendingUsers: Int) -> String? {
        state.withLock { state in
            state.room.free = freeNow()
            return state.room.append(bytes, users: users, to: upload, pendingUsers: pendingUsers)
        }
    }

    /// The body of an upload has ended.
    func end(_ upload: UploadID) { state.withLock { $0.room.end(upload) } }

    /// An upload was dropped.
    func settle(_ upload: UploadID) { state.withLock { $0.room.settle(upload) } }

    /// An upload became a job.
    func accepted(_ upload: UploadID) { state.withLock { $0.room.accept(upload) } }

    /// Users with so many bytes are pending now.
    func pend(_ bytes: Int64) { state.withLock { $0.room.pend(bytes) } }

    /// Users with so many bytes no longer are.
    func unpend(bytes: Int64, leaving pendingUsers: Int) {
        state.withLock { $0.room.unpend(bytes: bytes, leaving: pendingUsers) }
    }

    /// So many of the pending users no longer are, whichever they were.
    func unpend(users: Int, leaving pendingUsers: Int) {
        state.withLock { $0.room.unpend(users: users, leaving: pendingUsers) }
    }

    /// Bytes of the pending users.
    var pendingBytes: Double { state.withLock { $0.room.pendingBytes } }

    /// Uploads for which something is reserved.
    var uploads: Int { state.withLock { $0.room.openUploads } }

    /// Whether the disk is so short that logs must be emptied and free pages given back.
    var isTight: Bool {
        guard let free = disk.freeBytes(path) else { return false }
        return free < DiskMargins.tight(minFreeBytes: limits.minFreeDiskBytes)
    }

    /// Takes the reserve again once there is room for it above the limit.
    func restoreReserve() {
        guard let free = disk.freeBytes(path), free >= limits.minFreeDiskBytes + 2 * reserve.bytes else { return }
        reserve.restore()
    }
}
