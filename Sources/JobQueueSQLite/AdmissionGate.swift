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
    /// What an upload will still take.
    private struct Room {
        /// Bytes announced but not written yet.
        var toCome: Int64 = 0
        /// What its users will take in the directory, if that is on the same disk.
        var inDirectory: Int64 = 0
    }

    private struct State {
        var failure: SQLiteFailure?
        /// Another process held a lock for longer than any write waits.
        var isLocked = false
        /// When a call was last let through to find out whether writing works again.
        var triedAt: Timestamp?
        var measuredAt: Timestamp?
        var freeBytes: Int64?
        var bytes: Int64 = 0
        /// What uploads under way will still take.
        var uploads: [UploadID: Room] = [:]
        /// Bytes per user, as a moving average.
        var userBytes: Double = 400
        /// What was last reported about the disk.
        var isShort = false

        var isWritable: Bool { failure == nil && !isLocked }
    }

    private let path: String
    private let limits: QueueLimits
    private let clock: WallClock
    private let disk: DiskGauge
    private let reserve: DiskReserve
    private let say: @Sendable (String) -> Void
    private let state = Mutex(State())

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
        self.reserve = reserve
        self.say = say
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
            let refusal = lack(of: 0, state, pendingUsers: pendingUsers)
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
            return state.freeBytes
        }
    }

    private func measure(_ state: inout State, _ now: Timestamp) {
        guard Self.isPast(state.measuredAt, now) else { return }
        state.measuredAt = now
        state.freeBytes = disk.freeBytes(path)
        if limits.maxBytes != nil { state.bytes = DiskGauge.size(of: path) + DiskGauge.size(of: path + "-wal") }
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
            state.freeBytes = disk.freeBytes(path)
            let needed = Self.times(bytes, limits.diskPerByte)
            let reason = lack(of: needed, state, pendingUsers: pendingUsers)
            if reason == nil { state.uploads[upload] = Room(toCome: bytes, inDirectory: max(0, needed - bytes)) }
            return reason
        }
        if let reason { throw .full(reason) }
    }

    /// The same for users of unknown size, assumed to be as large as recent ones.
    func setAside(users: Int, for upload: UploadID, pendingUsers: Int) throws(QueueError) {
        let bytes = state.withLock { Double(users) * $0.userBytes }
        try setAside(Int64(max(0, min(bytes, 1e15))), for: upload, pendingUsers: pendingUsers)
    }

    /// Why this many more bytes of an upload may not be written; `nil` if they may, and they then count as written.
    func append(_ bytes: Int64, users: Int, to upload: UploadID, pendingUsers: Int) -> String? {
        state.withLock { state in
            state.freeBytes = disk.freeBytes(path)
            var room = state.uploads.removeValue(forKey: upload) ?? Room()
            let reason = lack(of: Self.times(bytes, limits.diskPerByte), state, pendingUsers: pendingUsers)
            if reason == nil {
                // Beyond what was announced, the directory's share has not been reserved yet.
                room.inDirectory += max(0, bytes - room.toCome) * (limits.diskPerByte - 1)
                room.toCome = max(0, room.toCome - bytes)
                if users > 0 { state.userBytes += (Double(bytes) / Double(users) - state.userBytes) / 8 }
            }
            state.uploads[upload] = room
            return reason
        }
    }

    /// An upload became a job or was dropped: what it will need is counted with the pending users, or not at all.
    func settle(_ upload: UploadID) { state.withLock { _ = $0.uploads.removeValue(forKey: upload) } }

    /// Whether the disk is so short that logs must be emptied and free pages given back.
    var isTight: Bool {
        guard let free = disk.freeBytes(path) else { return false }
        return free < Self.times(limits.minFreeDiskBytes, 2)
    }

    /// Takes the reserve again once there is room for it above the limit.
    func restoreReserve() {
        guard let free = disk.freeBytes(path), free >= limits.minFreeDiskBytes + 2 * reserve.bytes else { return }
        reserve.restore()
    }

    /// Why this many more bytes do not fit; `nil` if they do, or if that is unknown.
    private func lack(of needed: Int64, _ state: State, pendingUsers: Int) -> String? {
        guard let free = state.freeBytes else { return nil }
        let inDirectory = Double(pendingUsers) * state.userBytes * Double(limits.diskPerByte - 1)
        let spokenFor = state.uploads.values.reduce(Int64(max(0, min(inDirectory, 1e15)))) { $0 + $1.toCome + $1.inDirectory }
        guard free < limits.minFreeDiskBytes || free - limits.minFreeDiskBytes < spokenFor + needed else { return nil }
        var reason = "The disk has \(free) bytes free"
        if spokenFor > 0 { reason += ", \(spokenFor) of them spoken for" }
        if needed > 0 { reason += ", \(needed) are needed" }
        return reason + ", below the limit of \(limits.minFreeDiskBytes)"
    }

    private static func times(_ bytes: Int64, _ factor: Int64) -> Int64 {
        let (product, overflows) = bytes.multipliedReportingOverflow(by: factor)
        // Sums of a few of these do not overflow either.
        return overflows ? 1 << 52 : min(product, 1 << 52)
    }
}
