import GRDB
import GRDBSQLite
import Synchronization

/// How many pages stand in the write-ahead log, as SQLite tells after each commit.
final class WALGauge: Sendable {
    private let count = Atomic<Int>(0)
    private let commits = Atomic<Int>(0)

    var pages: Int { count.load(ordering: .relaxed) }

    /// Commits so far that wrote something.
    var writes: Int { commits.load(ordering: .relaxed) }

    /// Must outlive the connection, or be taken off by `detach`.
    func attach(to db: Database) {
        sqlite3_wal_hook(
            db.sqliteConnection,
            { context, _, _, pages in
                guard let context else { return SQLITE_OK }
                let gauge = Unmanaged<WALGauge>.fromOpaque(context).takeUnretainedValue()
                gauge.count.store(Int(pages), ordering: .relaxed)
                gauge.commits.wrappingAdd(1, ordering: .relaxed)
                return SQLITE_OK
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    func detach(from db: Database) {
        sqlite3_wal_hook(db.sqliteConnection, nil, nil)
    }

    /// Says that everything was written back.
    func reset() { count.store(0, ordering: .relaxed) }
}
