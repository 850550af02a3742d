/// A known key, packed so that a comparison takes three words.
struct JSONKey: Sendable, Equatable {
    static let maxLength = 24

    private let length: Int
    private let low: UInt64, middle: UInt64, high: UInt64

    /// - Parameter text: at most `maxLength` bytes.
    init(_ text: String) {
        precondition(text.utf8.count <= JSONKey.maxLength, "a known key is short")
        let bytes = Array(text.utf8)
        func word(_ start: Int) -> UInt64 {
            bytes.dropFirst(start).prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        length = bytes.count
        (low, middle, high) = (word(0), word(8), word(16))
    }

    /// - Parameter readable: how many bytes may be read; at least `length`.
    @inline(__always)
    init(_ start: UnsafeRawPointer, _ length: Int, readable: Int) {
        self.length = length
        low = JSONKey.word(start, min(length, 8), readable)
        middle = length > 8 ? JSONKey.word(start + 8, min(length - 8, 8), readable - 8) : 0
        high = length > 16 ? JSONKey.word(start + 16, min(length - 16, 8), readable - 16) : 0
    }

    @inline(__always)
    private static func word(_ start: UnsafeRawPointer, _ count: Int, _ readable: Int) -> UInt64 {
        if readable >= 8 {
            let word = UInt64(littleEndian: start.loadUnaligned(as: UInt64.self))
            return count == 8 ? word : word & (UInt64(1) << UInt64(count * 8) &- 1)
        }
        var word: UInt64 = 0
        for i in 0..<count { word |= UInt64(start.load(fromByteOffset: i, as: UInt8.self)) << UInt64(i * 8) }
        return word
    }
}
