import SQLiteSupport

/// Whether the directory's disk has room for another commit, and how large that may be. Confined to the actor that owns the file.
struct CommitRoom {
    private let disk: SQLiteUserDirectory.Disk
    private let floor: Int64
    /// Free bytes when the present commit was begun.
    private var begunWith: Int64 = .max
    /// The most batches of that commit.
    private(set) var most = Int.max
    /// Free bytes with which a commit began that found the disk full: up to twice as many, commits are of one batch.
    private var filledAt: Int64?
    /// Free bytes without which no commit begins. Above `floor` after one batch alone found the disk full.
    private var needed: Int64

    /// The most batches of a commit on a tight disk: some MiB of log.
    static let tightBatches = 4
    /// More than the log takes for one batch.
    private static let mostOfOne: Int64 = 64 << 20

    init(_ disk: SQLiteUserDirectory.Disk) {
        self.disk = disk
        floor = DiskMargins.floor(minFreeBytes: disk.minFreeBytes)
        needed = floor
    }

    /// The sentence for callers if there is no room for a commit; `nil` if there is, or if that is unknown.
    /// - Parameter logBytes: in the log: the file takes them when they are written back, which somebody who reads it delays.
    func shortage(logBytes: Int64 = 0) -> String? {
        guard let free = disk.freeBytes(), free - logBytes < needed else { return nil }
        guard free < needed else {
            return """
                The directory's disk has \(free) bytes free, of the \(needed) that a commit needs and \(logBytes) for its log, \
                which cannot be written back while somebody reads the file
                """
        }
        return "The directory's disk has \(free) bytes free, of the \(needed) that a commit needs"
    }

    func giveUpWhatCanBeSpared() { disk.onShortage() }

    /// No commit was begun, for lack of room. After a commit failed more is asked than the floor, but less each time: how much it
    /// takes is only a guess.
    mutating func refused() { needed = max(floor, needed / 2) }

    /// The most batches of a commit that begins now.
    mutating func begin() -> Int {
        begunWith = disk.freeBytes() ?? .max
        if let filled = filledAt, begunWith / 2 >= filled { filledAt = nil }
        most = filledAt != nil ? 1 : begunWith < DiskMargins.tight(minFreeBytes: disk.minFreeBytes) ? Self.tightBatches : .max
        return most
    }

    /// A commit found the disk full.
    mutating func filled() {
        let begunWith = min(begunWith, Self.mostOfOne)
        if most == 1 { needed = max(floor, min(begunWith * 2, Self.mostOfOne)) }
        filledAt = begunWith
    }

    /// Users were committed.
    mutating func worked() { needed = floor }

    /// Whether the log must be kept short: a log is written back into room that the file does not have yet.
    /// - Parameter logBytes: in the log.
    func isTight(logBytes: Int64) -> Bool {
        guard let free = disk.freeBytes() else { return false }
        return free < max(DiskMargins.tight(minFreeBytes: disk.minFreeBytes), 2 * logBytes)
    }
}
