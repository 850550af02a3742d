import GRDB
import GRDBSQLite
import JobQueue

@testable import JobQueueSQLite

extension SQLiteJobQueue {
    /// Makes the file unable to grow beyond so many pages: as a full disk.
    func setMaxPages(_ pages: Int) async throws {
        try await writer.alone { db in
            _ = try Int.fetchOne(db, sql: "PRAGMA max_page_count = \(pages)")
        }
    }

    /// Turns every commit into a rollback.
    func refuseCommits(_ refuse: Bool) async throws {
        try await writer.alone { db in
            _ = sqlite3_commit_hook(db.sqliteConnection, refuse ? { _ in 1 } : nil, nil)
        }
    }
}
