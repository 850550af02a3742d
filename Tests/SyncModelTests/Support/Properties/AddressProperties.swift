import Foundation
import SyncModel
#if canImport(TestSupport)
    import TestSupport
#endif

/// What must hold for any text read as an address.
enum AddressProperties {
    /// An IP address is what `inet_pton` takes for one, and a range holds its own base.
    static func checkIPAddress(_ text: String) throws {
        if text.contains("/") {
            guard let range = AddressRange(text) else { return }
            try hold(range.contains(range.base), "a range holds its base")
            try hold((0...range.base.bitWidth).contains(range.prefixLength), "a prefix is not longer than an address")
            return
        }
        // The C library's text ends at a NUL.
        guard !text.utf8.contains(0) else { return try hold(IPAddress(text) == nil, "a NUL is in no address") }
        let address = IPAddress(text)
        try hold(address == systemAddress(text), "an address is the one that the system reads")
        guard let address else { return }
        try hold(IPAddress(address.description) == address, "an address is read back")
        try hold(address.unmapped.unmapped == address.unmapped, "an address that is unmapped stays so")
        try hold(AddressRange(text)?.contains(address) == true, "an address is a range of its own")
    }

    private static func systemAddress(_ text: String) -> IPAddress? {
        var v4 = in_addr()
        if inet_pton(AF_INET, text, &v4) == 1 { return .v4(UInt32(bigEndian: v4.s_addr)) }
        var v6 = in6_addr()
        guard inet_pton(AF_INET6, text, &v6) == 1 else { return nil }
        return .v6(withUnsafeBytes(of: v6) { $0.reduce(0) { $0 << 8 | UInt128($1) } })
    }

    /// What is taken for the host is one, is no other than Foundation takes for it, and is read back.
    static func checkWebAddress(_ text: String) throws {
        guard let address = WebAddress(text) else { return }
        try hold(address.scheme == "http" || address.scheme == "https", "only http and https are read")
        let isV6 = address.host.contains(":")
        try hold(isV6 ? IPAddress(address.host) != nil : WebAddress.isHostName(address.host), "a host is an address or a name")
        try hold(address.host == address.host.lowercased(), "a host is in lower case")
        if let port = address.port { try hold((1...65_535).contains(port), "a port is one") }
        let authority = (isV6 ? "[\(address.host)]" : address.host) + (address.port.map { ":\($0)" } ?? "")
        try hold(WebAddress("\(address.scheme)://\(authority)\(address.rest)") == address, "an address is read back")
        if let components = URLComponents(string: text) {
            let host = components.host?.lowercased().trimmingCharacters(in: ["[", "]"])
            try hold(host == address.host, "\(address.host) is the host for Foundation too, not \(host ?? "none")")
            try hold(components.port == address.port, "\(text) has one port")
            try hold(components.user == nil && components.password == nil, "nobody is named before the host")
        }
    }
}
