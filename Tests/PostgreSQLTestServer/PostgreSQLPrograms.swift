import Foundation
package import Testing

/// The programs of PostgreSQL's server on this machine.
struct PostgreSQLPrograms: Sendable {
    let folder: String

    /// The newest; `nil` where there is no server. `USERSYNC_POSTGRESQL` names another folder.
    static let found: PostgreSQLPrograms? = {
        let environment = ProcessInfo.processInfo.environment
        let debian = "/usr/lib/postgresql"
        let versions = ((try? FileManager.default.contentsOfDirectory(atPath: debian)) ?? []).compactMap(Int.init).sorted(by: >)
        let folders =
            [environment["USERSYNC_POSTGRESQL"]].compactMap { $0 } + versions.map { "\(debian)/\($0)/bin" }
            + (environment["PATH"] ?? "").split(separator: ":").map(String.init)
        return folders.first { FileManager.default.isExecutableFile(atPath: "\($0)/initdb") }.map(PostgreSQLPrograms.init)
    }()

    func callAsFunction(_ name: String) -> String { "\(folder)/\(name)" }

    /// What a command is begun with. A server refuses to be root's, so root starts it as another user. Where the system can see to it,
    /// the server dies with the process that started it.
    static let starter: [String] = {
        let setpriv = ["/usr/bin/setpriv", "/bin/setpriv"].first { FileManager.default.isExecutableFile(atPath: $0) }
        guard let setpriv else { return [] }
        return [setpriv, "--pdeathsig", "QUIT"] + (user.map { ["--reuid", $0, "--regid", $0, "--clear-groups"] } ?? [])
    }()

    /// Whom root starts it as; `nil`: this is not root.
    static let user: String? = getuid() == 0 ? ["postgres", "nobody"].first { getpwnam($0) != nil } : nil
}

extension Trait where Self == ConditionTrait {
    /// A test against a real server.
    package static var needsPostgreSQL: ConditionTrait {
        .enabled(
            if: PostgreSQLServer.isHere,
            "no PostgreSQL server is installed here (Debian: postgresql)")
    }
}
