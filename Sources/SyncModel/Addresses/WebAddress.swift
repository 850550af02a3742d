/// An absolute http(s) address, read by strict rules and put together again, so that what was checked is what is called: no other
/// reader of the text can find a different host in it. Settings, requests and the sender of webhooks all read addresses here.
package struct WebAddress: Sendable, Hashable {
    package enum Scheme: String, Sendable, Hashable {
        case http, https

        package var defaultPort: Int { self == .http ? 80 : 443 }
    }

    package let scheme: Scheme
    package let host: WebHost
    package let port: Int
    /// What follows the authority, as written: empty, or from its `/` or `?` on.
    package let rest: String

    /// The longest address, in characters.
    package static let maxLength = 2048

    /// Path and query as written, starting with `/`.
    package var pathAndQuery: String { rest.hasPrefix("/") ? rest : "/" + rest }

    /// The address to call, in a form that every reader understands alike.
    package var text: String { "\(scheme.rawValue)://\(authority)\(pathAndQuery)" }

    /// Host and port, without the scheme's default port.
    package var authority: String { port == scheme.defaultPort ? host.bracketed : "\(host.bracketed):\(port)" }

    /// - Throws: `WebAddressError`, a sentence for whoever provided the address.
    package init(_ text: String) throws(WebAddressError) {
        guard text.utf8.count <= Self.maxLength else { throw WebAddressError("must not be longer than 2048 characters") }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !Self.unsafe.contains($0) }) else {
            throw WebAddressError("has characters that must be percent-encoded (or, in the host, punycode)")
        }
        guard let colon = text.firstIndex(of: ":"), let scheme = Scheme(rawValue: text[..<colon].lowercased()) else {
            throw WebAddressError("must be http or https")
        }
        var rest = text[text.index(after: colon)...]
        guard rest.hasPrefix("//") else { throw WebAddressError("must have // after the scheme") }
        rest = rest.dropFirst(2)
        guard !rest.contains("#") else { throw WebAddressError("must not have a fragment (#)") }
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        let authority = rest[..<end]
        guard !authority.contains("@") else { throw WebAddressError("must not contain a user name or password") }
        let (name, port) = try Self.split(authority)
        self.scheme = scheme
        self.port = try port.map { text throws(WebAddressError) in try Self.port(text) } ?? scheme.defaultPort
        host = try WebHost(name)
        self.rest = String(rest[end...])
    }

    /// Characters that RFC 3986 does not allow and readers disagree about.
    private static let unsafe = Set("\"<>\\^`{|}".utf8)

    private static func split(_ authority: Substring) throws(WebAddressError) -> (host: Substring, port: Substring?) {
        if authority.hasPrefix("[") {
            guard let close = authority.firstIndex(of: "]") else { throw WebAddressError("has a [ without its ]") }
            let after = authority[authority.index(after: close)...]
            guard after.isEmpty || after.hasPrefix(":") else { throw WebAddressError("has a host that cannot be read") }
            return (authority[...close], after.isEmpty ? nil : after.dropFirst())
        }
        guard let colon = authority.firstIndex(of: ":") else { return (authority, nil) }
        return (authority[..<colon], authority[authority.index(after: colon)...])
    }

    private static func port(_ text: Substring) throws(WebAddressError) -> Int {
        guard let port = Int(text), (1...65535).contains(port), String(port) == text else {
            throw WebAddressError("must have a port from 1 to 65535, without leading zeros, if it has one")
        }
        return port
    }
}

/// What is wrong with an address, as the end of a sentence: "callbackUrl must be https". It never holds the address, which may
/// contain a secret.
package struct WebAddressError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
