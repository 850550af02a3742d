/// What a name of a tenant looks like. The platform gives a tenant at most one of each kind, so two names of one kind are two tenants.
package enum TenantNameKind: Sendable, Hashable {
    /// The platform's own id.
    case uuid
    /// A Kinde organisation: `org_…`.
    case organisation
    /// A single label of a host name.
    case subdomain
}

extension TenantID {
    /// The kind of the name; `nil` if it is none that may become an alias by itself: other ids, and what mistakes leave in the place of
    /// a name (`undefined`, `null`, a number, blanks, a UUID of zeros).
    package var nameKind: TenantNameKind? {
        let bytes = Array(text.utf8)
        if Self.isUUID(bytes) { return Self.isZeros(bytes) ? nil : .uuid }
        if text.hasPrefix("org_") {
            let code = bytes.dropFirst(4)
            let isCode = (1...64).contains(code.count) && code.allSatisfy { Self.isDigit($0) || Self.isLetter($0) }
            return isCode && !Self.mistakes.contains(String(text.dropFirst(4)).lowercased()) ? .organisation : nil
        }
        return Self.isLabel(bytes) && !Self.mistakes.contains(text) ? .subdomain : nil
    }

    /// Whether it is what programs write where there is no value. A number is not: it may be an id.
    package var isMistake: Bool {
        let word = (text.hasPrefix("org_") ? String(text.dropFirst(4)) : text).lowercased()
        let bytes = Array(word.utf8)
        return Self.mistakes.contains(word) || word == "[object object]" || Self.isUUID(bytes) && Self.isZeros(bytes)
    }

    private static func isZeros(_ bytes: [UInt8]) -> Bool {
        bytes.allSatisfy { $0 == UInt8(ascii: "0") || $0 == UInt8(ascii: "-") }
    }

    private static func isUUID(_ bytes: [UInt8]) -> Bool {
        guard bytes.count == 36 else { return false }
        return bytes.enumerated().allSatisfy { at, byte in
            [8, 13, 18, 23].contains(at)
                ? byte == UInt8(ascii: "-")
                : isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
        }
    }

    /// A label of a host name in lower case, and not only digits.
    private static func isLabel(_ bytes: [UInt8]) -> Bool {
        let hyphen = UInt8(ascii: "-")
        guard (1...63).contains(bytes.count), bytes.first != hyphen, bytes.last != hyphen else { return false }
        let isWritten = bytes.allSatisfy { isDigit($0) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || $0 == hyphen }
        return isWritten && !bytes.allSatisfy(isDigit)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
    private static func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) }

    /// What programs write where there is no value.
    private static let mistakes: Set<String> = [
        "undefined", "null", "nil", "none", "nan", "true", "false", "unknown", "default", "empty", "n-a",
    ]
}
