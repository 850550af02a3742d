/// What an API key must be before it may guard anything.
package enum KeyRule {
    package static let minimumLength = 16

    package enum Weakness: Sendable, Hashable {
        /// Fewer than `minimumLength` characters.
        case short
        /// Characters that an HTTP header cannot carry as they are.
        case unprintable
        /// The integration guide's sample, a placeholder or a pattern: publicly known, or easily guessed.
        case sample
    }

    /// What is wrong with `key`, the worst first; `nil` if no weakness is found.
    package static func weakness(of key: String) -> Weakness? {
        let bytes = Array(key.utf8)
        if bytes.count < minimumLength { return .short }
        if !bytes.allSatisfy({ (0x21...0x7E).contains($0) }) { return .unprintable }
        let plain = key.lowercased().filter { $0.isLetter || $0.isNumber }
        if placeholders.contains(where: plain.contains) || isPattern(bytes) { return .sample }
        return nil
    }

    /// Words of sample keys, letters and digits only. Those of the integration guide are `your-super-secure-api-key-2024` and
    /// `your-api-key`.
    private static let placeholders = [
        "yoursupersecure", "yourapikey", "yourinternal", "yourkey", "yoursecret", "changeme", "changethis", "replaceme",
        "replacethis", "placeholder", "internalapikey", "secretkey", "supersecret", "sample", "example", "password",
        "insecure", "testkey", "qwerty",
    ]

    /// Few different characters, a short text repeated, or a run such as 0123456789abcdef.
    private static func isPattern(_ bytes: [UInt8]) -> Bool {
        if Set(bytes).count < 6 { return true }
        for period in 1...(bytes.count / 2) where period <= 8 {
            if zip(bytes, bytes.dropFirst(period)).allSatisfy({ $0 == $1 }) { return true }
        }
        let steps = zip(bytes, bytes.dropFirst()).count { a, b in abs(Int(a) - Int(b)) <= 1 || (a == 0x39 && b == 0x30) }
        return steps * 4 >= (bytes.count - 1) * 3
    }
}
