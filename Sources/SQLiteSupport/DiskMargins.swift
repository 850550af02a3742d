/// What is kept free on a disk, derived from `MIN_FREE_DISK_BYTES`.
package enum DiskMargins {
    /// Below this many free bytes a disk is tight: logs are kept short, and commits small. A log of full length must find room to be
    /// written back, whatever the limit is.
    package static func tight(minFreeBytes: Int64) -> Int64 { max(min(max(0, minFreeBytes), 1 << 52) * 2, 64 << 20) }

    /// Below this many the directory takes no more users: the rest is for ending what was begun.
    package static func floor(minFreeBytes: Int64) -> Int64 { max(1 << 20, min(minFreeBytes / 4, 16 << 20)) }

    /// The longest log of the directory while nobody else reads its file, in bytes.
    package static func mostLogBytes(minFreeBytes: Int64) -> Int64 { max(16 << 20, minFreeBytes / 4) }

    /// The longest file of a log on a tight disk, in bytes; beyond it a commit is followed by a checkpoint that empties the file.
    package static let tightLogBytes: Int64 = 1 << 20
}
