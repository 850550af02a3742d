package import SyncModel

/// Which addresses a stranger may make us connect to: only those of the public internet.
///
/// Sources: the IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890 and its successors), the IANA IPv6 address space
/// (only 2000::/3 is assigned), RFC 5771 and RFC 1112 for multicast and class E.
extension IPAddress {
    /// True for addresses of the public internet. False for everything in the registries, including the few globally reachable
    /// entries (anycast services, never a webhook receiver), and for every form that embeds an IPv4 address in an IPv6 one: what
    /// is behind a translator or a tunnel cannot be judged from here.
    package var isPublic: Bool {
        switch self {
        case .v4(let bits): !Self.specialV4.contains { $0.contains(bits) }
        case .v6(let bits): Self.globalUnicastV6.contains(bits) && !Self.specialV6.contains { $0.contains(bits) }
        }
    }

    /// True for this machine, private networks (RFC 1918, RFC 4193) and link-local addresses, also as IPv4-mapped ones. Not
    /// simply the opposite of `isPublic`: a translated or tunnelled address is neither.
    package var isPrivate: Bool {
        switch self {
        case .v4(let bits): Self.privateV4.contains { $0.contains(bits) }
        case .v6(let bits) where Self.mappedV6.contains(bits): IPAddress.v4(UInt32(truncatingIfNeeded: bits)).isPrivate
        case .v6(let bits): Self.privateV6.contains { $0.contains(bits) }
        }
    }

    /// A block of addresses: those whose first `length` bits equal those of `bits`.
    struct Block<Bits: FixedWidthInteger & Sendable>: Sendable {
        let bits: Bits
        let length: Int

        func contains(_ address: Bits) -> Bool {
            length == 0 || (address ^ bits) >> (Bits.bitWidth - length) == 0
        }
    }

    private static func v4(_ a: UInt32, _ b: UInt32, _ c: UInt32, _ length: Int) -> Block<UInt32> {
        Block(bits: a << 24 | b << 16 | c << 8, length: length)
    }

    /// - Parameter groups: at most the first four groups of 16 bits; the others are 0.
    private static func v6(_ groups: UInt64..., length: Int) -> Block<UInt128> {
        var high: UInt64 = 0
        for (i, group) in groups.enumerated() { high |= group << UInt64(48 - i * 16) }
        return Block(bits: UInt128(high) << 64, length: length)
    }

    private static let specialV4: [Block<UInt32>] = [
        v4(0, 0, 0, 8),  // this network
        v4(10, 0, 0, 8),  // private use
        v4(100, 64, 0, 10),  // shared address space (carrier-grade NAT)
        v4(127, 0, 0, 8),  // loopback
        v4(169, 254, 0, 16),  // link local, cloud metadata among it
        v4(172, 16, 0, 12),  // private use
        v4(192, 0, 0, 24),  // IETF protocol assignments
        v4(192, 0, 2, 24),  // documentation
        v4(192, 31, 196, 24),  // AS112
        v4(192, 52, 193, 24),  // AMT
        v4(192, 88, 99, 24),  // 6to4 relays, deprecated
        v4(192, 168, 0, 16),  // private use
        v4(192, 175, 48, 24),  // AS112, direct delegation
        v4(198, 18, 0, 15),  // benchmarking
        v4(198, 51, 100, 24),  // documentation
        v4(203, 0, 113, 24),  // documentation
        v4(224, 0, 0, 4),  // multicast
        v4(240, 0, 0, 4),  // reserved, limited broadcast among it
    ]

    /// The range that is assigned at all. Outside it are ::, ::1, IPv4-compatible and IPv4-mapped addresses, NAT64 (64:ff9b::/96
    /// and 64:ff9b:1::/48), discard-only (100::/64), SRv6 (5f00::/16), unique local (fc00::/7), link and site local, multicast.
    private static let globalUnicastV6 = v6(0x2000, length: 3)

    private static let specialV6: [Block<UInt128>] = [
        v6(0x2001, 0, length: 23),  // IETF protocol assignments: Teredo, benchmarking, AMT, ORCHID, drone ids among it
        v6(0x2001, 0xDB8, length: 32),  // documentation
        v6(0x2002, length: 16),  // 6to4
        v6(0x2620, 0x4F, 0x8000, length: 48),  // AS112, direct delegation
        v6(0x3FFF, length: 20),  // documentation
    ]

    private static let mappedV6 = Block<UInt128>(bits: 0xFFFF << 32, length: 96)

    private static let privateV4 = [
        v4(10, 0, 0, 8), v4(127, 0, 0, 8), v4(169, 254, 0, 16), v4(172, 16, 0, 12), v4(192, 168, 0, 16),
    ]
    private static let privateV6 = [Block<UInt128>(bits: 1, length: 128), v6(0xFC00, length: 7), v6(0xFE80, length: 10)]
}
