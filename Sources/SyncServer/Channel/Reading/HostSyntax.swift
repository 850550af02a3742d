import NIOCore

/// A valid host with or without a port (RFC 3986, section 3.2): a name, an IPv4 address, or in brackets an IPv6 address or one of
/// a later version.
enum HostSyntax {
    static func isHost(_ bytes: some Collection<UInt8>) -> Bool {
        var host = ArraySlice(Array(bytes))
        if host.first == 0x5B {
            guard let close = host.firstIndex(of: 0x5D), isLiteral(host[host.index(after: host.startIndex)..<close]) else {
                return false
            }
            host = host[(close + 1)...]
            guard host.isEmpty || host.first == 0x3A else { return false }
        } else {
            let name = host.prefix { $0 != 0x3A }
            host = host[name.endIndex...]
            guard isName(name) else { return false }
        }
        let port = host.dropFirst()
        return port.count <= 5 && port.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// The content of the brackets.
    private static func isLiteral(_ bytes: ArraySlice<UInt8>) -> Bool {
        if bytes.first == 0x76 || bytes.first == 0x56 { return isFuture(bytes.dropFirst()) }
        // Zone identifiers have a meaning only on the local host, and are not part of a URL.
        guard bytes.allSatisfy({ FieldSyntax.hexDigit($0) != nil || $0 == 0x3A || $0 == 0x2E }) else { return false }
        let address = try? SocketAddress(ipAddress: String(decoding: bytes, as: UTF8.self), port: 0)
        if case .v6 = address { return true }
        return false
    }

    /// An address of a later version, behind its `v`.
    private static func isFuture(_ bytes: ArraySlice<UInt8>) -> Bool {
        let version = bytes.prefix { FieldSyntax.hexDigit($0) != nil }
        let rest = bytes[version.endIndex...]
        return !version.isEmpty && rest.count > 1 && rest.first == 0x2E
            && rest.dropFirst().allSatisfy { isPlain($0) || $0 == 0x3A }
    }

    private static func isName(_ bytes: ArraySlice<UInt8>) -> Bool {
        var rest = bytes
        while let byte = rest.popFirst() {
            if byte == 0x25 {
                guard let high = rest.popFirst(), let low = rest.popFirst(), FieldSyntax.hexDigit(high) != nil,
                    FieldSyntax.hexDigit(low) != nil
                else { return false }
            } else if !isPlain(byte) {
                return false
            }
        }
        return !bytes.isEmpty
    }

    /// A byte that needs no encoding: unreserved, or a sub-delimiter.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x21, 0x24, 0x26, 0x27, 0x28, 0x29, 0x2A, 0x2B, 0x2C, 0x2D, 0x2E, 0x3B, 0x3D, 0x5F, 0x7E: true
        default: false
        }
    }
}
