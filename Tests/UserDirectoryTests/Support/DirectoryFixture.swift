import Foundation
import GRDB
import SyncModel
import Synchronization
import TestSupport
import Testing
import UserDirectory
import UserDirectorySQLite

/// A directory under test, and a look at its tables from outside.
protocol DirectoryFixture: Sendable {
    var directory: any UserDirectory { get }
    var clock: TestClock { get }
    /// Every row of a table, by id, each column as text (booleans as 1 and 0).
    func rows(_ table: String) throws -> [[String: String?]]
    /// Runs SQL of the CRM's, on a connection of its own.
    func execute(_ sql: String) throws
}

/// A database the conformance suite runs against.
struct DirectoryDriver: Sendable, CustomTestStringConvertible {
    var name: String
    /// A directory of its own with empty tables, prepared.
    var make: @Sendable (EmailScope) async throws -> any DirectoryFixture
    var testDescription: String { name }

    static let all = [
        DirectoryDriver(name: "SQLite") { scope in
            let fixture = try SQLiteFixture(scope: scope)
            try await fixture.directory.prepare()
            return fixture
        }
    ]

    /// Those of `all`, and one whose last passes rest after each step.
    static let allAndResting =
        all + [
            DirectoryDriver(name: "SQLite, resting") { scope in
                var options = SQLiteUserDirectory.Options(busyTimeout: 0.05)
                options.lastPassSteps = 1
                let fixture = try SQLiteFixture(scope: scope, options: options)
                try await fixture.directory.prepare()
                return fixture
            }
        ]
}

/// What the directory warned of.
final class Warnings: Sendable {
    private let told = Mutex<[String]>([])
    var all: [String] { told.withLock { $0 } }
    func add(_ text: String) { told.withLock { $0.append(text) } }
}

extension DirectoryFixture {
    /// Applies batches that are expected to be done at once.
    @discardableResult
    func apply(_ batches: BatchWork...) async throws -> [BatchApplied] {
        try await directory.apply(batches, closeEarly: { false })
    }

    /// Applies one batch and returns its users' results in words: an outcome, or a failure's code; `deferred` for the rest.
    func outcomes(_ batch: BatchWork) async throws -> [String] {
        let applied = try #require(try await apply(batch).first)
        var words: [UInt32: String] = [:]
        for user in applied.users { words[user.index] = user.code?.word ?? user.outcome.word }
        for index in applied.deferred { words[index] = "deferred" }
        return words.sorted { $0.key < $1.key }.map(\.value)
    }

    func users(_ columns: String...) throws -> [[String?]] {
        try rows("users").map { row in columns.map { row[$0] ?? nil } }
    }

    /// Users as `id email`, where the tenant is `t1`.
    func people(of tenant: TenantID = "t1") throws -> [String] {
        try rows("users").filter { $0["tenant_id"] == tenant.text }.map {
            "\(($0["wrapper_user_id"] ?? nil) ?? "-") \(($0["email"] ?? nil) ?? "-")"
        }
    }
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
        options: SQLiteUserDirectory.Options = .init(busyTimeout: 0.05)
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
