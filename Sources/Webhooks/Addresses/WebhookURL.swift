package import SyncModel

/// A webhook's address, parsed by strict rules and reassembled, so that what was checked is what is connected to: no other parser
/// of the text can find a different host in it.
package struct WebhookURL: Sendable, Hashable {
    package enum Scheme: String, Sendable, Hashable {
        case http, https

        var defaultPort: Int { self == .http ? 80 : 443 }
    }

    package let scheme: Scheme
    /// In lower case; an IPv6 address without its brackets.
    package let host: String
    package let port: Int
    /// Set if the host is written as an address.
    package let literal: IPAddress?
    /// Path and query as written, starting with `/`.
    package let pathAndQuery: String

    /// The address to call, in a form that every parser reads alike.
    package var text: String { "\(scheme.rawValue)://\(authority)\(pathAndQuery)" }

    /// Host and port, without the scheme's default port.
    package var authority: String {
        let name = if case .v6 = literal { "[\(host)]" } else { host }
        return port == scheme.defaultPort ? name : "\(name):\(port)"
    }

    /// - Throws: `WebhookURLError`, a sentence for whoever provided the address.
    package init(_ text: String) throws(WebhookURLError) {
        guard text.utf8.count <= 2048 else { throw WebhookURLError("is longer than 2048 characters") }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !Self.unsafe.contains($0) }) else {
            throw WebhookURLError("has characters that must be percent-encoded (or, in the host, punycode)")
        }
        guard let colon = text.firstIndex(of: ":"), let scheme = Scheme(rawValue: text[..<colon].lowercased()) else {
            throw WebhookURLError("must be http or https")
        }
        var rest = text[text.index(after: colon)...]
        guard rest.hasPrefix("//") else { throw WebhookURLError("must have // after the scheme") }
        rest = rest.dropFirst(2)
        let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        guard !rest.contains("#") else { throw WebhookURLError("must not have a fragment (#)") }
        let authority = rest[..<end]
        guard !authority.contains("@") else { throw WebhookURLError("must not contain a user name or password") }
        let (name, portText) = try Self.split(authority)
        self.scheme = scheme
        if let portText {
            guard let port = Int(portText), (1...65535).contains(port), String(port) == portText else {
                throw WebhookURLError("has a port that is not a number from 1 to 65535")
            }
            self.port = port
        } else {
            port = scheme.defaultPort
        }
        (host, literal) = try Self.host(name)
        let tail = rest[end...]
        pathAndQuery = tail.hasPrefix("/") ? String(tail) : "/" + tail
    }

    /// Characters that RFC 3986 does not allow and parsers disagree about.
    private static let unsafe = Set("\"<>\\^`{|}".utf8)

    private static func split(_ authority: Substring) throws(WebhookURLError) -> (Substring, Substring?) {
        if authority.hasPrefix("[") {
            guard let close = authority.firstIndex(of: "]") else { throw WebhookURLError("has a [ without its ]") }
            let after = authority[authority.index(after: close)...]
            guard after.isEmpty || after.hasPrefix(":") else { throw WebhookURLError("has a host that cannot be read") }
            return (authority[...close], after.isEmpty ? nil : after.dropFirst())
        }
        guard let colon = authority.firstIndex(of: ":") else { return (authority, nil) }
        return (authority[..<colon], authority[authority.index(after: colon)...])
    }

    private static func host(_ name: Substring) throws(WebhookURLError) -> (String, IPAddress?) {
        if name.hasPrefix("[") {
            let inner = name.dropFirst().dropLast()
            guard !inner.contains("%") else { throw WebhookURLError("must not have a zone id (%)") }
            guard case .v6(let bits) = IPAddress(inner) else { throw WebhookURLError("has an IPv6 address that cannot be read") }
            let address = IPAddress.v6(bits)
            return (address.description, address)
        }
        guard !name.isEmpty, name.utf8.count <= 253 else { throw WebhookURLError("must have a host of 1 to 253 characters") }
        let host = name.lowercased()
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        for label in labels {
            guard (1...63).contains(label.utf8.count), label.utf8.allSatisfy(Self.isHostCharacter) else {
                throw WebhookURLError("has a host that is not a name or an address")
            }
        }
        // A host that ends in a number is an IPv4 address to every parser (WHATWG URL, "ends in a number"): allowed only in the
        // usual form. 2130706433, 0x7f.1 and 0177.0.0.1 are 127.0.0.1 to some.
        if let last = labels.last, last.utf8.allSatisfy({ (0x30...0x39).contains($0) }) || last.hasPrefix("0x") {
            guard let address = IPAddress(host), case .v4 = address, address.description == host else {
                throw WebhookURLError("has an IPv4 address that is not four decimal numbers")
            }
            return (host, address)
        }
        return (host, nil)
    }

    private static func isHostCharacter(_ c: UInt8) -> Bool {
        switch c {
        // No host name grammar has the underscore, but container networks use it in names.
        case 0x61...0x7A, 0x30...0x39, 0x2D, 0x5F: true
        default: false
        }
    }
}

/// What is wrong with a webhook's address, as the end of a sentence: "callbackUrl must be https".
package struct WebhookURLError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
}
