import Foundation
package import Testing

/// PgBouncer before a server: transaction after transaction gets whichever of its two connections is free. It ends with this
/// process at the latest.
package final class PgBouncer: Sendable {
    /// The folder of its socket: what a URL names as host.
    package let host: String
    private let process: Watchdog

    /// A folder into which Debian's package and its libraries were unpacked (`USERSYNC_PGBOUNCER`), or `/`; `nil`: it is not here.
    package static let root: String? = {
        let unpacked = ProcessInfo.processInfo.environment["USERSYNC_PGBOUNCER"]
        return [unpacked, "/"].compactMap { $0 }.first {
            FileManager.default.isExecutableFile(atPath: $0 + "/usr/sbin/pgbouncer")
        }
    }()

    package init(before server: PostgreSQLServer) throws {
        guard let root = Self.root else { throw PostgreSQLServer.Failed(description: "there is no PgBouncer here") }
        host = try TestFolder.make()
        // Where whoever runs it may read.
        let libraries = root == "/" ? [] : try Self.libraries(in: root + "/usr/lib")
        try Command.run(["cp", "-L", root + "/usr/sbin/pgbouncer"] + libraries + [host])
        let settings = """
            [databases]
            * = host=\(server.socketFolder) port=\(PostgreSQLServer.port) user=postgres
            [pgbouncer]
            listen_addr =
            listen_port = \(PostgreSQLServer.port)
            unix_socket_dir = \(host)
            auth_type = any
            pool_mode = transaction
            default_pool_size = 2

            """
        try settings.write(toFile: host + "/ini", atomically: false, encoding: .utf8)
        process = try Watchdog(
            Watchdog.ending,
            PostgreSQLPrograms.starter + ["env", "LD_LIBRARY_PATH=\(host)", host + "/pgbouncer", "-q", host + "/ini"])
        let end = Date.now + 30
        // Its socket is there before anybody listens.
        while !UnixSocket.accepts("\(host)/.s.PGSQL.\(PostgreSQLServer.port)") {
            guard Date.now < end else { throw PostgreSQLServer.Failed(description: "PgBouncer does not start") }
            Thread.sleep(forTimeInterval: 0.01)
        }
    }

    package func close() {
        process.end()
        TestFolder.remove(host)
    }

    private static func libraries(in folder: String) throws -> [String] {
        let names = ["libevent-2", "libcares"]
        return (FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? [])
            .filter { path in names.contains { path.split(separator: "/").last?.hasPrefix($0) == true } }
            .map { "\(folder)/\($0)" }
    }
}

extension Trait where Self == ConditionTrait {
    /// A test behind PgBouncer. Skipped only where it is not and `USERSYNC_REQUIRE_POSTGRESQL` does not say that it must be.
    package static var needsPgBouncer: ConditionTrait {
        .enabled(
            if: PgBouncer.root != nil || ProcessInfo.processInfo.environment["USERSYNC_REQUIRE_POSTGRESQL"] != nil,
            "there is no PgBouncer here (Debian: pgbouncer)")
    }
}
