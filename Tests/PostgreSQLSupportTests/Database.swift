import PostgreSQLSupport
import PostgreSQLTestServer
import TestSupport

extension ContinuousClock.Instant {
    /// Far enough away that reaching it means to hang.
    static var farAway: ContinuousClock.Instant { .now + .seconds(hangTime) }
}

/// A database for one test, and connections to it.
struct Database: Sendable {
    let name: String
    let server: PostgreSQLServer

    static func with<Value: Sendable>(_ sql: String..., body: (Database) async throws -> Value) async throws -> Value {
        let server = try PostgreSQLServer.shared()
        return try await server.withDatabase { name in
            for sql in sql { try await server.run(sql, database: name) }
            return try await body(Database(name: name, server: server))
        }
    }

    func url(host: String? = nil, user: String = "postgres", more: String = "") throws -> PostgresURL {
        try PostgresURL(server.url(name, user: user, host: host, more: more), applicationName: "usersync/tests")
    }

    func connect(host: String? = nil, memory: PreparedMemory = PreparedMemory()) async throws -> PostgresConnection {
        try await .open(url(host: host), memory: memory, deadline: .farAway)
    }

    /// As somebody else.
    @discardableResult
    func run(_ sql: String) async throws -> PostgresResult {
        guard let result = try await server.run(sql, database: name).first else { throw BrokenProperty("no result") }
        return result
    }
}
