package import GRDB
import GRDBSQLite
import Synchronization

/// The write-ahead log of the one connection that writes: how long it is, and when to write it back.
///
/// The connection that writes also checkpoints, between its commits: SQLite before 3.51.3 can lose a commit that is made on one
/// connection while another checkpoints.
package final class WriteAheadLog: Sendable {
    private let count = Atomic<Int>(0)
    private let commits = Atomic<Int>(0)
    private let due: Atomic<Int>
    private let limit: Int

    /// - Parameter limit: pages of the log beyond which a checkpoint is due.
    package init(limit: Int) {
        self.limit = limit
        due = Atomic(limit)
    }

    /// Pages in the log, as SQLite reports after each commit.
    package var pages: Int { count.load(ordering: .relaxed) }

    /// Commits so far that wrote something.
    package var writes: Int { commits.load(ordering: .relaxed) }

    package var isCheckpointDue: Bool { pages >= due.load(ordering: .relaxed) }

    /// Must outlive the connection, or be detached.
    package func attach(to db: Database) {
        sqlite3_wal_hook(
            db.sqliteConnection,
            { context, _, _, pages in
                guard let context else { return SQLITE_OK }
                let log = Unmanaged<WriteAheadLog>.fromOpaque(context).takeUnretainedValue()
                log.count.store(Int(pages), ordering: .relaxed)
                log.commits.wrappingAdd(1, ordering: .relaxed)
                return SQLITE_OK
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    package func detach(from db: Database) { sqlite3_wal_hook(db.sqliteConnection, nil, nil) }

    /// Writes as much of the log back into the database as can be done without waiting for readers.
    ///
    /// A failure costs nothing: what could not be written back is still in the log. The next attempt comes once the log has grown
    /// by its limit again.
    /// - Parameter truncating: also empties the log's file, if no reader holds it; then waits for readers as long as the connection's
    ///   busy timeout says.
    package func checkpoint(_ db: Database, truncating: Bool) {
        guard db.sqliteConnection != nil else { return }
        if let (frames, written) = try? db.checkpoint(truncating ? .truncate : .passive), frames == written {
            count.store(0, ordering: .relaxed)
            due.store(limit, ordering: .relaxed)
        } else if !truncating {
            due.store(pages + limit, ordering: .relaxed)
        }
    }
}
