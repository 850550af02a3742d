import NIOCore

/// Chunk extensions (RFC 9112, section 7.1.1): their content is ignored, but anything malformed could hide a request.
enum ChunkExtensions {
    /// Whether it consists only of extensions: any number of `;name`, `;name=token` and `;name="text"`, blanks and tabs around
    /// `;` and `=`.
    static func areWhole(_ bytes: ByteBufferView) -> Bool {
        var rest = bytes
        while take(0x3B, of: &rest) {
            let name = word(rest)
            guard !name.isEmpty else { return false }
            rest = rest[name.endIndex...]
            guard take(0x3D, of: &rest) else { continue }
            let value = rest.first == 0x22 ? quoted(rest) : word(rest)
            guard !value.isEmpty else { return false }
            rest = rest[value.endIndex...]
        }
        return rest.isEmpty
    }

    /// Takes a character and the blanks around it; without the character the blanks are not taken either.
    private static func take(_ sign: UInt8, of rest: inout ByteBufferView) -> Bool {
        let found = withoutBlanks(rest)
        guard found.first == sign else { return false }
        rest = withoutBlanks(found.dropFirst())
        return true
    }

    private static func withoutBlanks(_ bytes: ByteBufferView) -> ByteBufferView { bytes.drop { $0 == 0x20 || $0 == 0x09 } }
    private static func word(_ bytes: ByteBufferView) -> ByteBufferView { bytes.prefix(while: FieldSyntax.isToken) }

    /// A quoted string at the beginning, quotes included; empty if there is none or it does not end.
    private static func quoted(_ bytes: ByteBufferView) -> ByteBufferView {
        var at = bytes.index(after: bytes.startIndex)
        while at < bytes.endIndex {
            switch bytes[at] {
            case 0x22: return bytes[...at]
            case 0x5C:
                at = bytes.index(after: at)
                guard at < bytes.endIndex, isQuotable(bytes[at]) else { return bytes[..<bytes.startIndex] }
            case let byte where isQuotable(byte): break
            default: return bytes[..<bytes.startIndex]
            }
            at = bytes.index(after: at)
        }
        return bytes[..<bytes.startIndex]
    }

    private static func isQuotable(_ byte: UInt8) -> Bool { byte == 0x09 || (0x20...0x7E).contains(byte) }
}
