import Synchronization

/// The public id of a job: a UUID version 7 (RFC 9562), so ids sort by the time of acceptance.
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

    /// A new id for a job accepted at `now`. Ids sort by time, to the microsecond: the twelve bits after the version hold the
    /// fraction of the millisecond (RFC 9562 §6.2, method 3).
    /// - Parameter random: the source of the other 61 bits; injected for tests.
    package init(now: Timestamp, random: inout some RandomNumberGenerator) {
        self.init(microseconds: UInt64(max(0, now.microseconds)), low: random.next() & JobID.firstLow)
    }

    /// A new id for a job accepted at `now`. Ids of the same microsecond sort in the order of creation, since each exceeds the
    /// previous one by a random step (method 2).
    package init(now: Timestamp) {
        let microseconds = UInt64(max(0, now.microseconds))
        let low = JobID.last.withLock { last in
            let isNext = last.microseconds == microseconds
            last = (microseconds, isNext ? last.low &+ .random(in: 1...0xFFFF_FFFF) : .random(in: 0...JobID.firstLow))
            return last.low
        }
        self.init(microseconds: microseconds, low: low)
    }

    /// The last id created in this process.
    private static let last = Mutex<(microseconds: UInt64, low: UInt64)>((0, 0))
    /// The last 62 bits begin with a zero, to leave room for those that follow.
    private static let firstLow: UInt64 = 0x1FFF_FFFF_FFFF_FFFF

    private init(microseconds: UInt64, low: UInt64) {
        let fraction = (microseconds % 1000) * 4096 / 1000
        let high = (microseconds / 1000) << 16 | 0x7000 | fraction
        let low = low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
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

    package var description: String { text }
}
