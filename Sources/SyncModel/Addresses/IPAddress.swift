/// An IPv4 or IPv6 address, without a zone id.
package enum IPAddress: Sendable, Hashable, CustomStringConvertible {
    case v4(UInt32)
    case v6(UInt128)

    /// Reads the usual text: four decimal numbers without leading zeros, or RFC 4291 without brackets, port and zone. `nil` for
    /// anything else.
    package init?(_ text: some StringProtocol) {
        if text.contains(":") {
            guard let bits = IPAddress.version6(String(text)) else { return nil }
            self = .v6(bits)
        } else {
            guard let bits = IPAddress.version4(text) else { return nil }
            self = .v4(bits)
        }
    }

    package var description: String {
        switch self {
        case .v4(let bits):
            return "\(bits >> 24).\(bits >> 16 & 255).\(bits >> 8 & 255).\(bits & 255)"
        case .v6(let bits):
            return (0..<8).map { String(bits >> UInt128(112 - $0 * 16) & 0xFFFF, radix: 16) }.joined(separator: ":")
        }
    }

    package var bitWidth: Int { if case .v4 = self { 32 } else { 128 } }

    /// The IPv4 address inside an IPv4-mapped one (`::ffff:10.0.0.1`); any other address unchanged.
    package var unmapped: IPAddress {
        guard case .v6(let bits) = self, bits >> 32 == 0xFFFF else { return self }
        return .v4(UInt32(truncatingIfNeeded: bits))
    }

    /// 127.0.0.0/8, also mapped, or `::1`.
    package var isLoopback: Bool {
        switch unmapped {
        case .v4(let bits): bits >> 24 == 127
        case .v6(let bits): bits == 1
        }
    }

    private static func version4(_ text: some StringProtocol) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bits: UInt32 = 0
        for part in parts {
            // Some readers take leading zeros for octal: refused rather than guessed.
            guard part.utf8.allSatisfy({ (0x30...0x39).contains($0) }), part.count == 1 || part.first != "0",
                let byte = UInt8(part)
            else { return nil }
            bits = bits << 8 | UInt32(byte)
        }
        return bits
    }

    private static func version6(_ text: String) -> UInt128? {
        let halves = text.split(separator: "::", maxSplits: 1, omittingEmptySubsequences: false)
        guard let head = groups(halves[0]) else { return nil }
        guard halves.count == 2 else { return head.count == 8 ? joined(head) : nil }
        guard let tail = groups(halves[1]), head.count + tail.count <= 7 else { return nil }
        return joined(head + [UInt16](repeating: 0, count: 8 - head.count - tail.count) + tail)
    }

    private static func joined(_ groups: [UInt16]) -> UInt128 { groups.reduce(0) { $0 << 16 | UInt128($1) } }

    /// The groups of `a:b:c` or `a:b:1.2.3.4`; empty for an empty text.
    private static func groups(_ text: Substring) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var groups: [UInt16] = []
        for (i, part) in parts.enumerated() {
            if i == parts.count - 1, part.contains(".") {
                guard let last = version4(part) else { return nil }
                groups += [UInt16(last >> 16), UInt16(last & 0xFFFF)]
            } else {
                guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy(isHexDigit), let group = UInt16(part, radix: 16)
                else { return nil }
                groups.append(group)
            }
        }
        return groups.count <= 8 ? groups : nil
    }

    private static func isHexDigit(_ c: UInt8) -> Bool {
        (0x30...0x39).contains(c) || (0x41...0x46).contains(c) || (0x61...0x66).contains(c)
    }
}
