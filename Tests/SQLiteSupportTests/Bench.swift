import GRDB
import SQLiteSupport
import TestSupport

/// A database in a file of its own, and the connection that writes it.
final class Bench {
    let directory: TemporaryDirectory
    let queue: DatabaseQueue
    var path: String { directory.path + "/a.sqlite" }

    init(_ tables: String = "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT UNIQUE, body BLOB)") throws {
        directory = try TemporaryDirectory()
        queue = try DatabaseQueue(path: directory.path + "/a.sqlite")
        try queue.writeWithoutTransaction { db in
            try Pragma("journal_mode", "WAL", reads: "wal").set(db)
            try Pragma("wal_autocheckpoint", "0", reads: "0").set(db)
            try db.execute(sql: tables)
        }
    }

    deinit { try? queue.close() }

    /// Runs `body` on GRDB's connection and SQLite's handle of it, outside of a transaction.
    func callAsFunction<T>(_ body: (Database, OpaquePointer) throws -> T) throws -> T {
        try queue.writeWithoutTransaction { db in
            guard let handle = db.sqliteConnection else { throw SQLiteFailure(code: 1, message: "closed") }
            return try body(db, handle)
        }
    }
}
