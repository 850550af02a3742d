import Foundation
import GRDB
import SyncModel
import Synchronization
import TestSupport
import Testing
import UserDirectory
import UserDirectoryConformance
import UserDirectorySQLite

/// What the directory warned of.
final class Warnings: Sendable {
    private let told = Mutex<[String]>([])
    var all: [String] { told.withLock { $0 } }
    func add(_ text: String) { told.withLock { $0.append(text) } }
}

/// A directory on an SQLite file in a folder of its own, which goes with it.
final class SQLiteFixture: DirectoryFixture {
    private let place: TemporaryDirectory
    var folder: URL { place.url }
    let path: String
    let directory: any UserDirectory
    let clock = TestClock(at: .at(1_000))
    let warnings = Warnings()

    /// - Parameters:
    ///   - sql: makes the CRM's tables before the directory sees the file.
    ///   - original: whose file to start from, as it is now.
    init(
        scope: EmailScope = .global, sql: String? = nil, copying original: SQLiteFixture? = nil,
        options: SQLiteUserDirectory.Options = SQLiteFixture.impatient
    ) throws {
        place = try TemporaryDirectory()
        path = place.url.appending(path: "crm.sqlite").path
        let told = warnings
        directory = SQLiteUserDirectory(path: path, emailScope: scope, clock: clock.wallClock, options: options) { text in
            told.add(text)
        }
        try original?.execute("VACUUM INTO '\(path)'")
        if let sql { try execute(sql) }
    }

    /// Waits hardly for locks, and asks at each job whether `sync_logs` takes rows again.
    static let impatient = {
        var options = SQLiteUserDirectory.Options(busyTimeout: 0.05)
        options.logPause = 0
        return options
    }()

    /// A connection of the CRM's own; it may leave transactions open.
    func connection() throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.acceptsDoubleQuotedStringLiterals = true
        configuration.foreignKeysEnabled = false
        configuration.allowsUnsafeTransactions = true
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    func outside<Result>(_ body: (Database) throws -> Result) throws -> Result {
        try connection().writeWithoutTransaction(body)
    }

    func rows(_ table: String) throws -> [[String: String?]] {
        try outside { db in
            try Row.fetchAll(db, sql: "SELECT * FROM \(table) ORDER BY 1").map { row in
                Dictionary(uniqueKeysWithValues: row.map { ($0.0, String.fromDatabaseValue($0.1) ?? Self.text($0.1)) })
            }
        }
    }

    private static func text(_ value: DatabaseValue) -> String? {
        switch value.storage {
        case .null: nil
        case .int64(let value): "\(value)"
        case .double(let value): "\(value)"
        case .string(let value): value
        case .blob(let value): "\(value.count) bytes"
        }
    }

    func execute(_ sql: String) throws { try outside { try $0.execute(sql: sql) } }

    /// The first column of a query, as text.
    func column(_ sql: String) throws -> [String] {
        try outside { db in try Row.fetchAll(db, sql: sql).map { Self.text($0[0] as DatabaseValue) ?? "NULL" } }
    }
}
