import SQLiteSupport

/// Whose an SQLite file is, as its header and its tables tell.
enum FileOwner: Equatable {
    /// Nobody's yet: it has no tables.
    case nobody
    /// The queue's.
    case queue
    /// The queue's, of an earlier version that can be upgraded.
    case earlierQueue(version: Int64)
    /// Another program's, or that of a version of the queue that cannot be read; the sentence says which.
    case other(String)

    init(_ connection: OpaquePointer) throws {
        func number(_ sql: String) throws -> Int64 { try SQLStatement(connection, sql).first { $0.int64(0) } ?? 0 }
        let owner = try number("PRAGMA application_id")
        let version = try number("PRAGMA user_version")
        let tables = try number("SELECT count(*) FROM sqlite_schema")
        self =
            if owner == 0, version == 0, tables == 0 {
                .nobody
            } else if owner != Schema.applicationID {
                .other("it is an SQLite file of something else; name another with QUEUE_URL")
            } else if version == Schema.version {
                .queue
            } else if Schema.upgradable.contains(version) {
                .earlierQueue(version: version)
            } else {
                .other("it was written by another version of the queue (format \(version), this one reads \(Schema.version))")
            }
    }
}
