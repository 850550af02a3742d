import GRDB
import SQLiteSupport

/// The numbers of deliveries. SQLite gives no new one once a row has the largest there is, or once had: it calls that a full disk, and
/// no job could end with a webhook.
enum DeliveryNumbers {
    /// Beyond any that deliveries have come to by themselves.
    private static let limit: Int64 = 1 << 52

    private static let highest = """
        SELECT max(ifnull((SELECT max(seq) FROM deliveries), 0), ifnull((SELECT max(seq) FROM sqlite_sequence WHERE name = 'deliveries'), 0))
        """
    private static let last = "SELECT ifnull(max(seq), 0) FROM deliveries WHERE seq <= ?1"
    private static let beyond = "SELECT seq FROM deliveries WHERE seq > ?1 ORDER BY created_at, seq"
    private static let move = "UPDATE deliveries SET seq = ?2 WHERE seq = ?1"
    private static let moveBody = "UPDATE OR REPLACE delivery_bodies SET seq = ?2 WHERE seq = ?1"
    private static let restart = "UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'deliveries'"

    /// At the start: gives deliveries whose number something else has changed the next ones after all others.
    /// - Parameter warn: receives a sentence for the log.
    static func mend(_ db: Database, warn: (String) -> Void) throws {
        guard try db.sql(highest).first(map: { $0.int64(0) }) ?? 0 > limit else { return }
        var next: Int64 = 0
        try db.inTransaction(.immediate) {
            next = try db.sql(last).first(.int(limit)) { $0.int64(0) } ?? 0
            for seq in try db.sql(beyond).all(.int(limit), map: { $0.int64(0) }) {
                next += 1
                try db.sql(move).run(.int(seq), .int(next))
                try db.sql(moveBody).run(.int(seq), .int(next))
            }
            try db.sql(restart).run(.int(next))
            return .commit
        }
        warn(
            "Webhooks in the queue had numbers after which there is none, as if something else had changed them: they have new ones"
        )
    }
}
