/// Where an HTTP proxy is, and who asks it: `http://[user:password@]host[:port]`.
package struct ProxyAddress: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package let host: String
    package let port: Int
    /// For `Proxy-Authorization`; `nil`: the proxy asks for none.
    package let credentials: Credentials?

    package struct Credentials: Sendable, Hashable {
        package let user: String
        package let password: String
    }

    /// Without the credentials.
    package var description: String { "\(host):\(port)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }

    /// - Throws: `WebAddressError`, which does not repeat the text.
    package init(_ text: String) throws(WebAddressError) {
        guard text.lowercased().hasPrefix("http://") else { throw WebAddressError("must be http://host:port") }
        let address = text.dropFirst(7)
        let authority = address.prefix { !"/?#".contains($0) }
        guard let at = authority.lastIndex(of: "@") else {
            try self.init(address, credentials: nil)
            return
        }
        let parts = authority[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let user = Self.decoded(parts[0]), let password = Self.decoded(parts.count == 2 ? parts[1] : ""), !user.isEmpty
        else { throw WebAddressError("has a user or password that is not percent-encoded text") }
        try self.init(address[address.index(after: at)...], credentials: Credentials(user: user, password: password))
    }

    /// - Parameter text: what follows the credentials.
    private init(_ text: Substring, credentials: Credentials?) throws(WebAddressError) {
        let address = try WebAddress("http://" + text)
        guard ["", "/"].contains(address.rest) else { throw WebAddressError("must not have a path or a query") }
        host = address.host.lookupName
        port = address.port
        self.credentials = credentials
    }

    /// Visible ASCII, percent-decoded to visible characters: control characters have no place in a header.
    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == 0x25 else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let digits = String(rest.prefix(2)), let value = UInt8(digits, radix: 16), digits.first != "+"
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }
}
