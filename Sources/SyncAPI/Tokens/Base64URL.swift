import FoundationEssentials

/// base64url without padding (RFC 4648, section 5; RFC 7515, section 2).
enum Base64URL {
    static func text(_ bytes: some Sequence<UInt8>) -> String {
        var text = ""
        for character in Data(bytes).base64EncodedString() where character != "=" {
            text.append(character == "+" ? "-" : character == "/" ? "_" : character)
        }
        return text
    }

    /// The bytes of the only text that stands for them; `nil` for padding, other alphabets and stray bits.
    static func bytes(_ text: some StringProtocol) -> Data? {
        guard text.utf8.allSatisfy({ isDigit($0) }) else { return nil }
        let standard = String(text.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 })
        let padding = String(repeating: "=", count: (4 - standard.utf8.count % 4) % 4)
        guard let bytes = Data(base64Encoded: standard + padding), self.text(bytes) == String(text) else { return nil }
        return bytes
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: true
        default: false
        }
    }
}
