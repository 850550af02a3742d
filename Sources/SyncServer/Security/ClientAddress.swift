package import HTTPTypes
package import SyncModel

/// Where a request comes from, taking proxies into account.
package enum ClientAddress {
    /// The caller's address: the connection's peer or, if that is a trusted proxy, the last address in `X-Forwarded-For` that is
    /// not one; in the one spelling that each address has here. Anything that is not an address ends the search.
    package static func of(peer: String?, headers: HTTPFields, trusted: [AddressRange]) -> String {
        guard let peer else { return "unknown" }
        guard let address = IPAddress(peer) else { return peer }
        var client = address.unmapped.description
        guard isTrusted(address, trusted) else { return client }
        let hops = headers[values: .forwardedFor].joined(separator: ",").split(separator: ",")
        for hop in hops.reversed() {
            let text = hop.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }
            guard let address = ClientAddress.address(text) else { break }
            // As it is written is not who it is: IPv6 has many spellings, and IPv4 may be written as IPv6.
            client = address.unmapped.description
            guard isTrusted(address, trusted) else { break }
        }
        return client
    }

    /// The key under which an address's failures are counted: the address, or for IPv6 its /64, which is what one caller owns.
    package static func failureKey(_ address: String) -> String {
        switch IPAddress(address)?.unmapped {
        case .v6(let bits): String(bits >> 64, radix: 16) + "/64"
        // An IPv4 address written as IPv6 is the same caller.
        case .v4(let bits): IPAddress.v4(bits).description
        case nil: address
        }
    }

    /// An entry as proxies write it: an address, IPv6 possibly in brackets, possibly with a port. The port is dropped: it does
    /// not identify a caller.
    private static func address(_ text: Substring) -> IPAddress? {
        var host = text
        var port = Substring()
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<end]
            port = text[text.index(after: end)...]
            guard host.contains(":") else { return nil }
        } else if let colon = text.firstIndex(of: ":"), text[text.index(after: colon)...].firstIndex(of: ":") == nil {
            host = text[..<colon]
            port = text[colon...]
        }
        let digits = port.dropFirst()
        guard port.isEmpty || port.first == ":" && UInt16(digits) != nil && digits.first != "+" else { return nil }
        return IPAddress(host)
    }

    private static func isTrusted(_ address: IPAddress, _ ranges: [AddressRange]) -> Bool {
        ranges.contains { $0.contains(address) }
    }
}
