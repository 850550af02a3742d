import Foundation

/// A folder of a server's own, deleted with the last reference to it, or with this process.
final class ServerFolder: Sendable {
    let path: String

    var data: String { path + "/data" }
    var sockets: String { path + "/s" }
    var log: String { path + "/log" }

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
        path = try TestFolder.make()
        try TestFolder.make(sockets)
    }

    deinit { TestFolder.remove(path) }
}
