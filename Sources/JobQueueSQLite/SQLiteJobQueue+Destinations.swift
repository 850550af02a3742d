import GRDB
package import JobQueue
import SQLiteSupport
import SyncModel

extension SQLiteJobQueue {
    package func destinations(limit: Int) async throws -> [DestinationRecord] {
        try await read { db in
            try db.sql(Self.selectDestinations).all(.int(limit)) { row in
                DestinationRecord(
                    destination: row.text(0), rate: row.optionalInt(1).map { Double($0) / 1000 },
                    heldUntil: row.optionalTime(2), learntAt: row.time(3))
            }
        }
    }

    package func remember(_ destinations: [DestinationRecord]) async throws {
        try await writer.write { context in
            for known in destinations {
                try context.sql(Self.writeDestination).run(
                    .text(known.destination), .int(known.rate.map(Self.thousandths)), .time(known.heldUntil),
                    .time(known.learntAt))
            }
        }
    }

    /// A rate as it is stored; one that no number holds as the nearest.
    private static func thousandths(_ rate: Double) -> Int { Int(max(0, min(rate * 1000, 1e12)).rounded()) }

    static let selectDestinations = """
        SELECT destination, rate, held_until, learnt_at FROM destinations INDEXED BY destinations_age
        ORDER BY learnt_at DESC LIMIT ?1
        """
    static let selectHeld =
        "SELECT count(*), max(held_until) FROM destinations INDEXED BY destinations_held WHERE held_until > ?1"
    private static let writeDestination = """
        INSERT INTO destinations (destination, rate, held_until, learnt_at) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (destination) DO UPDATE SET rate = ?2, held_until = ?3, learnt_at = ?4
        """
    static let deleteDestinations = "DELETE FROM destinations WHERE learnt_at < ?1"
}
