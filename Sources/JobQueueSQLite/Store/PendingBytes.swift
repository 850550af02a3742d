import GRDB
import JobQueue
import SQLiteSupport
import SyncModel

/// How many bytes the pending users have, as the tables say it: read at the start alone, counted from then on.
enum PendingBytes {
    private static let inBatches = """
        SELECT total(length(p.records)) FROM jobs j INDEXED BY jobs_state
        JOIN batches b ON b.id >= j.batch_key << 20 AND b.id < (j.batch_key + 1) << 20 AND b.done = 0
        JOIN payloads p ON p.id = b.id
        WHERE j.state IN (\(CounterRows.openStates))
        """
    private static let waiting = """
        SELECT total(length(d.record)) FROM jobs j INDEXED BY jobs_state JOIN deferred d ON d.batch_key = j.batch_key
        WHERE j.state IN (\(CounterRows.openStates)) AND j.deferred > 0
        """

    /// - Parameter users: how many there are. If their records cannot be read they are taken for usual ones.
    static func read(_ db: Database, of users: Int) -> Int64 {
        guard users > 0 else { return 0 }
        do {
            let found = try [inBatches, waiting].reduce(0.0) { sum, sql in
                sum + (try db.sql(sql).first { $0.double(0) } ?? 0)
            }
            return Int64(found.clamped(to: 0...1e15))
        } catch {
            return Int64(users.clamped(to: 0...1 << 40)) * Int64(DiskRoom.usualUserBytes)
        }
    }
}
