import UserDirectory

/// What suits a file of a given size: the page cache, and the best number of batches per commit.
///
/// The indexes of ids are written at random: the larger they are, the fewer users share a page, and the more a large commit
/// saves. Measured with a million new users: 36,000 per second with `large` in 160 MB of memory, 27,000 in 115 MB with `small`;
/// with 100,000 users `small` is as fast, in less memory.
struct FileScale: Equatable {
    /// `PRAGMA cache_size` of the connection, in KiB.
    var cacheKiB: Int
    /// Batches in one commit when no other call waits.
    var batchesPerCommit: Int

    static let small = FileScale(cacheKiB: 16_384, batchesPerCommit: 100)
    static let large = FileScale(cacheKiB: 49_152, batchesPerCommit: 300)

    /// Files of at least this many bytes are large: about 240,000 users.
    private static let threshold = 128 << 20

    static func of(fileBytes: Int) -> FileScale { fileBytes < threshold ? small : large }
}
