import CLibPQ

/// Where a database is: `postgres://user:password@host:port/name?parameter=value`, as libpq reads it. What the URL does not say, libpq
/// takes from its environment (`PGHOST`, `~/.pgpass`, …).
package struct PostgresURL: Sendable {
    /// libpq's parameters by their names.
    let parameters: [String: String]

    /// Why a text is no such URL, in words that never hold a part of it: a password with an odd character is read as something else.
    package struct Refused: Error, Sendable, Equatable, CustomStringConvertible {
        package let description: String
    }

    /// - Parameters:
    ///   - text: begins with `postgres://` or `postgresql://`.
    ///   - applicationName: as the server's `pg_stat_activity` shows it, where the URL does not say.
    package init(_ text: String, applicationName: String) throws(Refused) {
        try Self.check(text)
        guard let read = Self.read(text) else {
            throw Refused(
                description: "libpq cannot read the URL; characters such as @ / : ? # % in a password must be written as %40, …")
        }
        let ports = (read["port"] ?? "").split(separator: ",", omittingEmptySubsequences: false)
        guard ports.allSatisfy({ $0.isEmpty || UInt16($0) != nil }) else { throw Refused(description: "the port is no number") }
        parameters = read.merging(Self.ours(read, applicationName)) { theirs, _ in theirs }
    }

    /// What we set where the URL does not.
    private static func ours(_ read: [String: String], _ applicationName: String) -> [String: String] {
        var ours = [
            "application_name": applicationName, "client_encoding": "UTF8", "connect_timeout": "10", "gssencmode": "disable",
            "keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3", "tcp_user_timeout": "30000",
        ]
        if (read["host"] ?? read["hostaddr"] ?? "").contains(",") { ours["target_session_attrs"] = "read-write" }
        return ours
    }

    /// A password that holds `@` or `/` would be read as a host or a name, and shown as such.
    private static func check(_ text: String) throws(Refused) {
        guard let start = ["postgres://", "postgresql://"].first(where: text.hasPrefix) else {
            throw Refused(description: "it does not begin with postgres://")
        }
        let rest = text.dropFirst(start.count)
        let authority = rest.prefix { $0 != "/" }
        let path = rest.dropFirst(authority.count).prefix { $0 != "?" }
        guard authority.count(where: { $0 == "@" }) <= 1, !path.contains("@") else {
            throw Refused(
                description: "it holds more than one @, or one after a slash; in a password @ must be written as %40 and / as %2F"
            )
        }
        guard !text.utf8.contains(0) else { throw Refused(description: "it holds U+0000") }
    }

    private static func read(_ text: String) -> [String: String]? {
        var message: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(text, &message) else {
            PQfreemem(message)
            return nil
        }
        defer { PQconninfoFree(options) }
        var found: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { found[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        return found
    }

    var secrets: Secrets { Secrets([parameters["password"], parameters["sslpassword"]].compactMap { $0 }) }

    /// The hosts, each as parameters of its own. libpq would try one after the other, but it gives the first, if that is silent, all
    /// the time there is.
    var attempts: [[String: String]] {
        func list(_ name: String) -> [Substring]? { parameters[name]?.split(separator: ",", omittingEmptySubsequences: false) }
        let hosts = list("host")
        let addresses = list("hostaddr")
        let ports = list("port")
        let count = max(hosts?.count ?? 1, addresses?.count ?? 1)
        guard count > 1 else { return [parameters] }
        return (0..<count).map { index in
            var one = parameters
            for (name, list) in [("host", hosts), ("hostaddr", addresses), ("port", ports)] {
                guard let list else { continue }
                // One port stands for all; libpq refuses other counts, and is left to.
                one[name] =
                    list.count == count
                    ? String(list[index]) : name == "port" && list.count == 1 ? String(list[0]) : parameters[name]
            }
            return one
        }
    }

    /// How long one host is waited for, whatever time is left.
    var connectTimeout: Duration {
        .seconds(parameters["connect_timeout"].flatMap(Int.init).map { $0 <= 0 ? 86_400 : max(2, $0) } ?? 10)
    }

    /// Whether whoever is on the way to the server could pretend to be it.
    package var isOpenToInterception: Bool {
        let hosts = (parameters["host"] ?? parameters["hostaddr"] ?? "").split(separator: ",")
        let isLocal = hosts.allSatisfy {
            ["localhost", "127.0.0.1", "::1"].contains($0) || $0.hasPrefix("/") || $0.hasPrefix("@")
        }
        return !isLocal && parameters["sslmode"] != "verify-full"
    }
}

extension PostgresURL: CustomStringConvertible {
    /// Where it leads, for logs: without user and password.
    package var description: String {
        let host = parameters["host"] ?? parameters["hostaddr"] ?? "the local server"
        return "\(host)/\(parameters["dbname"] ?? "")"
    }
}
