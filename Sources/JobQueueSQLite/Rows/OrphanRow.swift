import GRDB
import SQLiteSupport

/// Something to delete, by batch key: what stands under a key that belongs to no job (an upload under way, a pruned job), or the
/// deferred records of a job that was cancelled.
///
/// Only this row says what may be deleted, in the transaction that deletes: an upload may have become a job by a commit that its
/// caller was told had failed.
struct OrphanRow: Sendable {
    /// `nil` if it cannot be read: something else has written it.
    var kind: OrphanKind?
    var batches: Int
    var users: Int

    private static let select = "SELECT kind, batches, users FROM leftovers WHERE batch_key = ?1"
    private static let insert = """
        INSERT INTO leftovers (batch_key, kind, batches, users) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (batch_key) DO UPDATE
            SET batches = \(Figure.plausible("batches")) + excluded.batches, users = \(Figure.plausible("users")) + excluded.users,
                kind = min(kind, excluded.kind)
        """
    private static let delete = "DELETE FROM leftovers WHERE batch_key = ?1"
    private static let selectAll = "SELECT batch_key FROM leftovers"

    static func find(_ key: Int64, _ db: Database) throws -> OrphanRow? {
        try db.sql(select).first(.int(key)) {
            OrphanRow(kind: OrphanKind(rawValue: $0.int(0)), batches: $0.int(1), users: $0.int(2))
        }
    }

    /// Counts an upload's batches; creates its row with the first ones.
    static func add(_ key: Int64, batches: Int, users: Int, _ db: Database) throws {
        try db.sql(insert).run(.int(key), .int(OrphanKind.everything.rawValue), .int(batches), .int(users))
    }

    /// Marks something for deletion, so that a crash does not leave it behind.
    static func mark(_ key: Int64, _ kind: OrphanKind, _ db: Database) throws {
        try db.sql(insert).run(.int(key), .int(kind.rawValue), .int(0), .int(0))
    }

    static func remove(_ key: Int64, _ db: Database) throws { try db.sql(delete).run(.int(key)) }

    static func keys(_ db: Database) throws -> [Int64] { try db.sql(selectAll).all { $0.int64(0) } }
}
