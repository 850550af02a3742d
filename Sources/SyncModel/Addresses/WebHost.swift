/// The host of a web address: a name or an IP address.
package struct WebHost: Sendable, Hashable {
    /// In lower case, without a trailing dot; an IPv6 address without its brackets. What TLS asks for and hosts are compared by.
    package let name: String
    /// Set if the host is written as an address.
    package let literal: IPAddress?
    /// The name is written with a trailing dot: the resolver must not append a search domain to it.
    package let isAbsolute: Bool

    /// What to ask a name server for.
    package var lookupName: String { isAbsolute ? name + "." : name }

    /// As it stands in an address.
    package var bracketed: String { if case .v6 = literal { "[\(name)]" } else { name } }

    /// - Parameter text: an IPv6 address is in brackets.
    package init(_ text: some StringProtocol) throws(WebAddressError) {
        if text.hasPrefix("["), text.hasSuffix("]") {
            let inner = text.dropFirst().dropLast()
            guard !inner.contains("%") else { throw WebAddressError("must not have a zone id (%)") }
            guard let address = IPAddress(inner), case .v6 = address else {
                throw WebAddressError("has an IPv6 address that cannot be read")
            }
            (name, literal, isAbsolute) = (address.description, address, false)
            return
        }
        let host = text.hasSuffix(".") ? text.dropLast().lowercased() : text.lowercased()
        guard (1...253).contains(host.utf8.count) else { throw WebAddressError("must have a host of 1 to 253 characters") }
        guard Self.isName(host) else { throw WebAddressError("has a host that is not a name or an address") }
        name = host
        guard Self.endsInNumber(host) else {
            (literal, isAbsolute) = (nil, text.hasSuffix("."))
            return
        }
        // 2130706433, 0x7f.1 and 0177.0.0.1 are 127.0.0.1 to some readers: refused rather than guessed.
        guard !text.hasSuffix("."), let address = IPAddress(host) else {
            throw WebAddressError("has an IPv4 address that is not four decimal numbers")
        }
        (literal, isAbsolute) = (address, false)
    }

    /// Letters, digits, `-`, `_` and dots between them. No host name grammar has the underscore, but container networks use it.
    private static func isName(_ text: String) -> Bool {
        text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                && label.utf8.allSatisfy { c in
                    switch c {
                    case 0x61...0x7A, 0x30...0x39, 0x2D, 0x5F: true
                    default: false
                    }
                }
        }
    }

    /// True for what every reader of addresses takes for an IPv4 address (WHATWG URL, "ends in a number").
    private static func endsInNumber(_ host: String) -> Bool {
        let last = host.split(separator: ".").last ?? ""
        guard last.hasPrefix("0x") else { return last.utf8.allSatisfy { (0x30...0x39).contains($0) } }
        return last.dropFirst(2).allSatisfy(\.isHexDigit)
    }
}
