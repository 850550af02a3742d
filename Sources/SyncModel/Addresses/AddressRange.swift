/// Addresses that share a prefix, in CIDR notation (`10.0.0.0/8`, `fd00::/8`), or a single one.
package struct AddressRange: Sendable, Hashable {
    package let base: IPAddress
    /// The leading bits that an address must share with `base` to be in the range.
    package let prefixLength: Int

    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let base = IPAddress(parts[0])?.unmapped else { return nil }
        self.base = base
        guard parts.count == 2 else {
            prefixLength = base.bitWidth
            return
        }
        guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let length = Int(parts[1]), length <= base.bitWidth
        else { return nil }
        prefixLength = length
    }

    /// An IPv4 address written as IPv6 (`::ffff:10.0.0.1`) is the IPv4 address.
    package func contains(_ address: IPAddress) -> Bool {
        switch (base, address.unmapped) {
        case (.v4(let base), .v4(let bits)): prefixLength == 0 || (base ^ bits) >> (32 - prefixLength) == 0
        case (.v6(let base), .v6(let bits)): prefixLength == 0 || (base ^ bits) >> (128 - prefixLength) == 0
        default: false
        }
    }
}
