/// The public name of a job: a UUID version 7 (RFC 9562), so that ids sort by the time of acceptance.
package struct JobID: Sendable, Hashable, CustomStringConvertible {
    /// The canonical text, 36 lower-case characters.
    package let text: String

    /// `nil` unless `text` is a UUID in canonical form (any case).
    package init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count == 36 else { return nil }
        for (i, c) in bytes.enumerated() {
            switch i {
            case 8, 13, 18, 23: guard c == 0x2D else { return nil }
            default:
                guard (0x30...0x39).contains(c) || (0x41...0x46).contains(c) || (0x61...0x66).contains(c) else { return nil }
            }
        }
        self.text = text.lowercased()
    }

    /// A new id for a job accepted at `now`.
    /// - Parameter random: ten random bytes' source; injected for tests.
    package init(now: Timestamp, random: inout some RandomNumberGenerator) {
        let ms = UInt64(max(0, now.microseconds / 1000))
        let high = ms << 16 | 0x7000 | (random.next() & 0x0FFF)
        let low = random.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        text = String(unsafeUninitializedCapacity: 36) { out in
            var at = 0
            for nibble in 0..<32 {
                if nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20 { out[at] = 0x2D; at += 1 }
                let word = nibble < 16 ? high : low
                let value = UInt8(word >> UInt64(60 - nibble % 16 * 4) & 0xF)
                out[at] = value < 10 ? 48 + value : 87 + value
                at += 1
            }
            return at
        }
    }

    package init(now: Timestamp) {
        var random = SystemRandomNumberGenerator()
        self.init(now: now, random: &random)
    }

    package var description: String { text }
}
