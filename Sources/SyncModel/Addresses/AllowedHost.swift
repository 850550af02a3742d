/// A host and port that an https address may name. Hosts are compared as a whole, ignoring case and a trailing dot; there are no
/// wildcards.
package struct AllowedHost: Sendable, Hashable, CustomStringConvertible {
    private let host: String
    private let port: Int
    /// As an address has it, without port 443.
    package let description: String

    /// - Parameter entry: `host`, which allows port 443, or `host:port`, which allows only that port. An IPv6 address is in
    ///   brackets.
    package init(_ entry: String) throws(WebAddressError) {
        // An entry is the authority of an address and nothing else.
        guard !entry.contains(where: { "/?#@".contains($0) }) else { throw WebAddressError("must be a host or host:port") }
        self.init(try WebAddress("https://" + entry))
    }

    package init(_ address: WebAddress) {
        (host, port, description) = (address.host.name, address.port, address.authority)
    }
}
