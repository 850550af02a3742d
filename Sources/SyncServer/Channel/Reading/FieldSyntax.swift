/// Which bytes may stand where in a head (RFC 9110, section 5.6; RFC 3986, section 3.2).
enum FieldSyntax {
    /// A byte of a token: names of fields, methods.
    static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x21, 0x23, 0x24, 0x25, 0x26, 0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E, 0x5F, 0x60, 0x7C, 0x7E: true
        default: false
        }
    }

    /// A byte of a field's value: visible, blank, tab, or beyond ASCII.
    static func isValue(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7F || byte == 0x09 }

    /// Without blanks and tabs at both ends.
    static func trimmed(_ bytes: UnsafeRawBufferPointer.SubSequence) -> UnsafeRawBufferPointer.SubSequence {
        var bytes = bytes
        while let first = bytes.first, first == 0x20 || first == 0x09 { bytes.removeFirst() }
        while let last = bytes.last, last == 0x20 || last == 0x09 { bytes.removeLast() }
        return bytes
    }

    /// Whether this is a host with or without a port: a name, an IPv4 address, or an IPv6 address in brackets.
    static func isHost(_ bytes: some Collection<UInt8>) -> Bool {
        var host = ArraySlice(Array(bytes))
        if host.first == 0x5B {
            guard let close = host.firstIndex(of: 0x5D) else { return false }
            let inside = host[host.index(after: host.startIndex)..<close]
            host = host[(close + 1)...]
            guard !inside.isEmpty, inside.allSatisfy({ isHex($0) || $0 == 0x3A || $0 == 0x2E }) else { return false }
            guard host.isEmpty || host.first == 0x3A else { return false }
        } else {
            let name = host.prefix { $0 != 0x3A }
            host = host[name.endIndex...]
            guard !name.isEmpty, name.allSatisfy(isName) else { return false }
        }
        let port = host.dropFirst()
        return port.count <= 5 && port.allSatisfy { (0x30...0x39).contains($0) }
    }

    private static func isHex(_ byte: UInt8) -> Bool { hexDigit(byte) != nil }

    static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }

    /// A byte of a registered name: unreserved, a sub-delimiter, or of a percent-encoding.
    private static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x21, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2A, 0x2B, 0x2C, 0x2D, 0x2E, 0x3B, 0x3D, 0x5F, 0x7E: true
        default: false
        }
    }
}
