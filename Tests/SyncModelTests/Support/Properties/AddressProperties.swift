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

    /// What is taken for an address is one to Foundation too, with the same host and port, and is read back.
    static func checkWebAddress(_ text: String) throws {
        guard let address = try? WebAddress(text) else { return }
        try hold(
            text.utf8.allSatisfy { (0x21...0x7E).contains($0) } && text.utf8.count <= 2048, "an address is short and visible")
        try hold((1...65_535).contains(address.port), "a port is one")
        let host = address.host
        try hold(host.name == host.name.lowercased() && !host.name.isEmpty, "a host is in lower case")
        try hold(IPAddress(host.name) == host.literal, "a host that is an address is known as one")
        try hold(!host.name.hasSuffix("."), "a host is compared without its dot")
        let again = try? WebAddress(address.text)
        try hold(
            again?.host.name == host.name && again?.port == address.port && again?.scheme == address.scheme
                && again?.pathAndQuery == address.pathAndQuery, "an address is read back")
        // Another reader finds the same host and port in both forms, and nobody named before them.
        for written in [text, address.text] {
            guard let other = URLComponents(string: written) else { throw BrokenProperty("Foundation reads \(written)") }
            let otherHost = other.encodedHost?.trimmingCharacters(in: ["[", "]"]).lowercased() ?? ""
            let isLiteral = host.literal.map { IPAddress(otherHost) == $0 } == true
            let isSame = isLiteral || [host.name, host.lookupName].contains(otherHost)
            try hold(isSame, "\(written) has one host")
            try hold((other.port ?? address.scheme.defaultPort) == address.port, "\(written) has one port")
            try hold(other.scheme?.lowercased() == address.scheme.rawValue, "\(written) has one scheme")
            try hold(other.user == nil && other.password == nil && other.fragment == nil, "\(written) names nobody")
        }
    }
}
