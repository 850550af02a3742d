import GRDB
import JobQueue
import SQLiteSupport
import SyncModel

extension ResultsWindow {
    /// Reads the range of a job's results.
    /// - Parameters:
    ///   - range: of indices; results outside it are left out.
    ///   - status: only batches with such results are read.
    init(_ key: Int64, _ range: Range<Int>, _ status: ResultStatusFilter?, _ db: Database) throws {
        let bounds = BatchName.bounds(key: key)
        let blobs = try db.sql(Self.select(status)).all(
            .int(bounds.first), .int(bounds.last), .int(range.lowerBound), .int(range.upperBound)
        ) { ResultsBlob(bytes: $0.bytes(0)) }
        self.init(range, status, of: blobs)
    }

    /// How many batches have users in the range.
    static func batches(_ key: Int64, _ range: Range<Int>, _ db: Database) throws -> Int {
        let bounds = BatchName.bounds(key: key)
        return try db.sql(count).first(
            .int(bounds.first), .int(bounds.last), .int(range.lowerBound), .int(range.upperBound)
        ) { $0.int(0) } ?? 0
    }

    /// A job's batches are a few thousand small adjacent rows: scanning them costs a millisecond.
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
