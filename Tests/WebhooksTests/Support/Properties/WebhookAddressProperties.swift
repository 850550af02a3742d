import Foundation
import SyncModel
#if canImport(TestSupport)
    import TestSupport
    @testable import Webhooks
#endif

/// What must hold for any text as a webhook's address and for any address it may lead to.
enum WebhookAddressProperties {
    static func check(_ text: String) throws(BrokenAddress) {
        if let address = IPAddress(text) { try check(address) }
        guard let url = try? WebAddress(text) else { return }
        if let literal = url.host.literal { try check(literal) }
        // Listed, it may be called if it is enciphered and, where it is an address, public; not listed, never.
        let mayCall = url.scheme == .https && url.host.literal?.isPublic != false
        if url.scheme == .https {
            let listed = AddressPolicy(allowedHosts: [AllowedHost(url)])
            try hold((listed.validate(callbackURL: text) == nil) == mayCall, "\(url.text) may be called if it is public")
        }
        let others = AddressPolicy(allowedHosts: [try? AllowedHost("listed.example")].compactMap(\.self))
        try hold(
            url.host.name == "listed.example" || others.validate(callbackURL: text) != nil, "what is not listed is not called")
    }

    /// The registries' blocks once more, as people write them, read by another reader.
    private static let specialV4 = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    ].compactMap { AddressRange($0) }
    private static let specialV6 = [
        "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
    ].compactMap { AddressRange($0) }
    private static let unicastV6 = AddressRange("2000::/3")

    static func check(_ address: IPAddress) throws(BrokenAddress) {
        let isPublic =
            switch address {
            case .v4: !specialV4.contains { $0.contains(address) }
            // A mapped address is never public, whatever it stands for.
            case .v6:
                address.unmapped == address && unicastV6?.contains(address) == true
                    && !specialV6.contains { $0.contains(address) }
            }
        try hold(address.isPublic == isPublic, "\(address) is \(isPublic ? "" : "not ")public")
        try hold(!(address.isPublic && (address.isPrivate || address.isLoopback)), "\(address) is not public and private")
    }

    private static func hold(_ isTrue: Bool, _ sentence: @autoclosure () -> String) throws(BrokenAddress) {
        if !isTrue { throw BrokenAddress(sentence()) }
    }
}

/// What should hold for an address and does not.
struct BrokenAddress: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// What must hold for any text as `Retry-After`.
enum RetryAfterProperties {
    static func check(_ text: String) throws(BrokenAddress) {
        for now in [Int64.min, 0, 784_111_777_000_000, .max] {
            let seconds = RetryAfter.seconds(text, now: Timestamp(microseconds: now))
            if let seconds, !(0...RetryAfter.cap).contains(seconds) {
                throw BrokenAddress("\(seconds) s are asked for by \(text)")
            }
            let trimmed = text.trimmingCharacters(in: [" ", "\t"])
            if let whole = UInt16(trimmed), trimmed.utf8.allSatisfy({ (0x30...0x39).contains($0) }), trimmed.utf8.count <= 64 {
                guard seconds == min(Double(whole), RetryAfter.cap) else { throw BrokenAddress("\(text) is \(whole) s") }
            }
        }
    }
}
