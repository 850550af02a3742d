package import HTTPTypes
package import SyncModel

/// Where a request comes from, with proxies taken into account.
package enum ClientAddress {
    /// The address of the caller: the connection's peer, or, where that is a trusted proxy, the last address in
    /// `X-Forwarded-For` that is not one. What cannot be read as an address ends the search.
    package static func of(peer: String?, headers: HTTPFields, trusted: [AddressRange]) -> String {
        guard let peer else { return "unknown" }
        guard !trusted.isEmpty, let address = IPAddress(peer), isTrusted(address, trusted) else { return peer }
        var client = peer
        let hops = headers[values: .forwardedFor].joined(separator: ",").split(separator: ",")
        for hop in hops.reversed() {
            let text = hop.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }
            guard let address = IPAddress(text) else { break }
            client = String(text)
            guard isTrusted(address, trusted) else { break }
        }
        return client
    }

    /// The key under which failures of an address are counted: the address, or the /64 of an IPv6 one (CONTRACT §1).
    package static func failureKey(_ address: String) -> String {
        guard case .v6(let bits) = IPAddress(address)?.unmapped else { return address }
        return String(bits >> 64, radix: 16) + "/64"
    }

    private static func isTrusted(_ address: IPAddress, _ ranges: [AddressRange]) -> Bool {
        ranges.contains { $0.contains(address) }
    }
}
