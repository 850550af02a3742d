import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// An IPv4 or IPv6 address, to be judged. A zone id is no part of it.
package enum IPAddress: Sendable, Hashable, CustomStringConvertible {
    case v4(UInt32)
    case v6(UInt128)

    /// Reads the usual text: four decimal numbers without leading zeros, or RFC 4291 without brackets and zone id. `nil` for all
    /// else.
    package init?(_ text: some StringProtocol) {
        var v4: UInt32 = 0
        var v6: UInt128 = 0
        let text = String(text)
        if inet_pton(AF_INET, text, &v4) == 1 {
            self = .v4(UInt32(bigEndian: v4))
        } else if inet_pton(AF_INET6, text, &v6) == 1 {
            self = .v6(UInt128(bigEndian: v6))
        } else {
            return nil
        }
    }

    /// `nil` for a unix socket.
    init?(_ address: SocketAddress) {
        guard let text = address.ipAddress else { return nil }
        self.init(text)
    }

    package var description: String {
        switch self {
        case .v4(let bits):
            return "\(bits >> 24).\(bits >> 16 & 255).\(bits >> 8 & 255).\(bits & 255)"
        case .v6(let bits):
            return (0..<8).map { String(bits >> UInt128(112 - $0 * 16) & 0xFFFF, radix: 16) }.joined(separator: ":")
        }
    }
}
