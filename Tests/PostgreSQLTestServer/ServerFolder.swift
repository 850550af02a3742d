import Foundation

/// A folder of a server's own, deleted with the last reference to it or with this process.
final class ServerFolder: Sendable {
    let path: String
    private let watchdog: Watchdog

    var data: String { path + "/data" }
    var sockets: String { path + "/s" }
    var log: String { path + "/log" }

    /// Waits for the server to have gone.
    private static let script = """
        read -r word
        for i in 0 1 2 3 4 5 6 7 8 9; do [ -e "$1/data/postmaster.pid" ] || break; sleep 0.5; done
        rm -rf "$1"
        """

    /// Of a server that was made but never started.
    private static let template = Result { try ServerFolder() }

    /// A copy of a server that was made once for this process.
    static func copy() throws -> ServerFolder {
        let template = try template.get()
        let folder = try ServerFolder(isEmpty: true)
        try Command.run(PostgreSQLPrograms.starter + ["cp", "-a", template.data, folder.data])
        return folder
    }

    private convenience init() throws {
        try self.init(isEmpty: true)
        guard let programs = PostgreSQLPrograms.found else { return }
        try Command.run(
            PostgreSQLPrograms.starter + [
                programs("initdb"), "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync",
                "--no-instructions", "--wal-segsize=1",
            ])
        // Whoever is a member of this role has to know its password; everybody else is let in.
        try "local all +\(PostgreSQLServer.passwordRole) scram-sha-256\nlocal all all trust\n"
            .write(toFile: data + "/pg_hba.conf", atomically: false, encoding: .utf8)
    }

    private init(isEmpty: Bool) throws {
        path = try TestFolder.make("usersync-pg")
        watchdog = try Watchdog(Self.script, [path])
        guard mkdir(sockets, 0o755) == 0 else { throw PostgreSQLServer.Failed(description: String(cString: strerror(errno))) }
        try TestFolder.give(sockets)
    }
}
