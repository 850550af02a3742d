import Foundation
import PostgreSQLTestServer
import SyncModel
import Synchronization
import TestSupport
import Testing
import UserDirectory
import UserDirectoryConformance
import UserDirectoryPostgreSQL

@testable import PostgreSQLSupport

extension DirectoryDriver {
    static let postgresql = DirectoryDriver(name: "PostgreSQL", merges: false, casesPerSeed: 1) { options in
        var own = PostgresUserDirectory.Options()
        own.retentionDays = options.retentionDays
        own.patience = Double(hangTime)
        if options.restsAlways { own.lastPassSteps = 1 }
        let fixture = try PostgresFixture(scope: options.scope, options: own)
        try await fixture.directory.prepare()
        return fixture
    }
}

/// A directory in a schema of its own.
final class PostgresFixture: DirectoryFixture {
    let directory: any UserDirectory
    let clock = TestClock(at: .at(1_000))
    private let url: PostgresURL

    private static let schemas = Atomic(0)

    init(scope: EmailScope = .global, options: PostgresUserDirectory.Options = .init()) throws {
        let schema = "directory\(Self.schemas.wrappingAdd(1, ordering: .relaxed).newValue)"
        let server = try PostgreSQLServer.shared()
        try Self.run(["CREATE SCHEMA \(schema)"], PostgresURL(server.url(), applicationName: "tests"))
        url = try PostgresURL(server.url(more: "?options=-csearch_path%3D\(schema)"), applicationName: "tests")
        directory = PostgresUserDirectory(url, emailScope: scope, clock: clock.wallClock, options: options)
    }

    deinit {
        let directory = directory
        Task { await directory.close() }
    }

    /// On a connection of its own, on the caller's thread.
    @discardableResult
    private static func run(_ statements: [String], _ url: PostgresURL) throws -> [PostgresResult] {
        let session = PostgresSession(try WakePipe(), memory: PreparedMemory())
        let deadline = ContinuousClock.now + .seconds(hangTime)
        try session.connect(to: url, deadline: deadline)
        defer { session.close() }
        return try statements.map { try session.run([.once($0)], deadline: deadline)[0] }
    }

    /// Runs one statement, semicolons and all.
    func statement(_ sql: String) throws { try Self.run([sql], url) }

    func execute(_ sql: String) throws {
        let statements = sql.split(separator: ";").map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
        // Rows whose ids were chosen do not move the sequence.
        let next = "SELECT setval(pg_get_serial_sequence('users', 'id'), max(id)) FROM users HAVING max(id) > 0"
        try Self.run(statements.filter { !$0.isEmpty } + [next], url)
    }

    func rows(_ table: String) throws -> [[String: String?]] {
        let found = try Self.run(["SELECT to_jsonb(t)::text FROM \(table) t ORDER BY t"], url)
        return try found[0].map { row in
            let values = try JSONSerialization.jsonObject(with: Data(row.text(0).utf8)) as? [String: Any] ?? [:]
            return Dictionary(uniqueKeysWithValues: try values.map { ($0, try Self.text($1, in: $0)) })
        }
    }

    private static let times: Set = ["last_synced_at", "created_at", "updated_at", "sync_time", "last_active_at", "synced_at"]

    /// As the other databases show it: times in ISO 8601, booleans as 1 and 0, JSON without blanks.
    private static func text(_ value: Any, in column: String) throws -> String? {
        switch value {
        case is NSNull: return nil
        case let text as String:
            return times.contains(column) ? Timestamp(iso8601: text + "Z")?.iso8601 ?? text : text
        case let number as NSNumber: return "\(number)"
        default:
            let json = try JSONSerialization.data(withJSONObject: value, options: [.fragmentsAllowed, .sortedKeys])
            return String(decoding: json, as: UTF8.self)
        }
    }
}
