import GRDB
import SyncModel

/// The results of a range of a job's users in index order, ready to be paged through.
///
/// Intake sorts users by email inside runs of up to 100,000 before it cuts batches, so each batch of a run holds users of the whole
/// run's range, and any page of it needs all the run's batches. A window reads them once: their blobs as stored, and for each user
/// where the result stands. Only the results of a page are made into texts.
struct ResultsWindow: Sendable {
    /// Users of one window: a run.
    static let span = 100_000

    private var blobs: [ResultsBlob] = []
    private var entries: [(blob: Int, entry: ResultsBlob.Entry)] = []

    /// - Parameters:
    ///   - range: indices; results outside of it are left out.
    ///   - status: only batches that hold such results are read.
    init(_ key: Int64, _ range: Range<Int>, _ status: ResultStatusFilter?, _ db: Database) throws {
        let bounds = BatchName.bounds(key: key)
        try db.sql(Self.select(status)).forEach(
            .int(bounds.first), .int(bounds.last), .int(range.lowerBound), .int(range.upperBound)
        ) { row in
            let blob = ResultsBlob(bytes: row.bytes(0))
            blob.forEachEntry { entry in
                if range.contains(Int(entry.index)), status?.includes(entry.outcome) ?? true {
                    entries.append((blobs.count, entry))
                }
            }
            blobs.append(blob)
        }
        entries.sort { $0.entry.index < $1.entry.index }
    }

    /// Up to `limit` results from `index` on.
    func results(from index: Int, limit: Int) -> [UserResult] {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if Int(entries[middle].entry.index) < index { low = middle + 1 } else { high = middle }
        }
        return entries[low...].prefix(limit).map { blobs[$0.blob].result(of: $0.entry) }
    }

    /// How many batches hold users of the range.
    static func batches(_ key: Int64, _ range: Range<Int>, _ db: Database) throws -> Int {
        let bounds = BatchName.bounds(key: key)
        return try db.sql(count).first(
            .int(bounds.first), .int(bounds.last), .int(range.lowerBound), .int(range.upperBound)
        ) { $0.int(0) } ?? 0
    }

    /// A job's batches are few thousand small rows that stand together: a scan of them costs a millisecond.
    private static let condition = "b.id >= ?1 AND b.id <= ?2 AND b.last_index >= ?3 AND b.first_index < ?4 AND b.done = 1"
    static let count = "SELECT count(*) FROM batches b WHERE \(condition)"
    static let selectAll = "SELECT r.results FROM batches b JOIN results r ON r.id = b.id WHERE \(condition)"
    static let selectFailed = "\(selectAll) AND b.failed > 0"
    static let selectCreated = "\(selectAll) AND b.created > 0"
    static let selectUpdated = "\(selectAll) AND b.created + b.failed < b.users"

    private static func select(_ status: ResultStatusFilter?) -> String {
        switch status {
        case nil: selectAll
        case .failed: selectFailed
        case .created: selectCreated
        case .updated: selectUpdated
        }
    }
}

extension ResultStatusFilter {
    func includes(_ outcome: UserOutcome) -> Bool { outcome.status == rawValue }
}

/// The windows made last, so that the next page of one costs next to nothing.
struct ResultsWindows: Sendable {
    /// What a window shows; a batch that ends makes it another.
    struct Key: Hashable, Sendable {
        var batchKey: Int64
        var batchesDone: Int
        var start: Int
        var status: ResultStatusFilter?
    }

    /// Each takes about 10 MB for a full run.
    private static let limit = 3
    private var recent: [(key: Key, window: ResultsWindow)] = []

    mutating func find(_ key: Key) -> ResultsWindow? {
        guard let at = recent.firstIndex(where: { $0.key == key }) else { return nil }
        let found = recent.remove(at: at)
        recent.append(found)
        return found.window
    }

    mutating func keep(_ window: ResultsWindow, _ key: Key) {
        recent.removeAll { $0.key.batchKey == key.batchKey && $0.key.status == key.status && $0.key.start == key.start }
        recent.append((key, window))
        if recent.count > Self.limit { recent.removeFirst() }
    }

    mutating func forget(batchKey: Int64) { recent.removeAll { $0.key.batchKey == batchKey } }
}
