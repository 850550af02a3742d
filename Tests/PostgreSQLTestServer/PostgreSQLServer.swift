import Foundation
package import PostgreSQLSupport
import Synchronization

/// A PostgreSQL server of the tests' own, in a folder that ends with it, reached by a Unix socket alone. It ends with this process,
/// however that ends.
package final class PostgreSQLServer: Sendable {
    package struct Failed: Error, CustomStringConvertible {
        package let description: String
    }

    private let folder: ServerFolder
    private let settings: [String: String]
    private let leash: Mutex<ServerLeash>

    /// Whether tests against a server are to run: only where none is installed, and `USERSYNC_REQUIRE_POSTGRESQL` does not say that one must
    /// be, they are not.
    package static var isHere: Bool {
        PostgreSQLPrograms.found != nil || ProcessInfo.processInfo.environment["USERSYNC_REQUIRE_POSTGRESQL"] != nil
    }

    /// The one of this process, started by the first test that asks. Not durable: for tests of everything else.
    package static func shared() throws -> PostgreSQLServer { try common.get() }

    private static let common = Result { try PostgreSQLServer(["fsync": "off", "full_page_writes": "off"]) }

    /// Stops a process of a server's, and lets it go on after `body`.
    package static func whileStopped<Value>(_ processID: Int32, _ body: () async throws -> Value) async rethrows -> Value {
        kill(processID, SIGSTOP)
        defer { kill(processID, SIGCONT) }
        return try await body()
    }

    /// Starts one more, for a test that stops, restarts or reconfigures it.
    package init(_ settings: [String: String] = [:]) throws {
        guard let programs = PostgreSQLPrograms.found else { throw Failed(description: "no PostgreSQL server is installed") }
        folder = try ServerFolder.copy()
        self.settings = settings
        leash = Mutex(try ServerLeash(folder, programs, settings))
    }

    deinit { stop() }

    /// Ends it, before its folder is deleted.
    package func stop() { leash.withLock { $0.end() } }

    /// Of the process that all of the server's processes come from.
    package var processID: Int32 { leash.withLock { $0.processID } }

    /// Kills it as a crash does, and starts it again on what it left.
    package func crash() throws {
        guard let programs = PostgreSQLPrograms.found else { return }
        try leash.withLock { leash in
            kill(leash.processID, SIGKILL)
            leash.end()
            leash = try ServerLeash(folder, programs, settings)
        }
    }

    package var socketFolder: String { folder.sockets }

    package static let port = 5432

    /// Members of a role of this name are asked for their passwords.
    package static let passwordRole = "usersync_password"

    /// - Parameter host: a folder of sockets or an address; the server's own unless given.
    package func url(_ database: String = "postgres", user: String = "postgres", host: String? = nil, more: String = "") -> String
    {
        let host = (host ?? socketFolder).replacing("/", with: "%2F")
        return "postgres://\(user)@\(host):\(Self.port)/\(database)\(more)"
    }

    /// Runs statements as the owner of everything, each in a transaction of its own.
    @discardableResult
    package func run(_ statements: String..., database: String = "postgres") async throws -> [PostgresResult] {
        let connection = try await PostgresConnection.open(
            PostgresURL(url(database), applicationName: "tests"), deadline: .now + .seconds(60))
        var results: [PostgresResult] = []
        for statement in statements { results += try await connection.run([.once(statement)], deadline: .now + .seconds(60)) }
        await connection.close()
        return results
    }

    private static let databases = Atomic(0)

    /// Runs `body` with a database of its own.
    /// - Parameter template: a copy of that one.
    package func withDatabase<Value: Sendable>(
        from template: String = "template0", _ body: (String) async throws -> Value
    ) async throws -> Value {
        let name = "test\(Self.databases.wrappingAdd(1, ordering: .relaxed).newValue)"
        try await run("CREATE DATABASE \(name) TEMPLATE \(template)")
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(name))
        } catch {
            result = .failure(error)
        }
        try await run("DROP DATABASE \(name) WITH (FORCE)")
        return try result.get()
    }
}
