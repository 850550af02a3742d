/// A position in memory that holds (part of) a JSON text (RFC 8259). Scans move it; if one throws `.incomplete`, it is where
/// scanning may resume once more bytes have arrived.
struct JSONCursor {
    let base: UnsafeRawPointer
    /// Offset from `base` of the next byte.
    var at: Int
    /// Offset from `base` after the last byte.
    let end: Int

    /// A cursor at the start of `bytes`, which must not be empty.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return nil }
        self.base = base
        at = 0
        end = bytes.count
    }

    private init(base: UnsafeRawPointer, at: Int, end: Int) {
        self.base = base
        self.at = at
        self.end = end
    }

    /// A cursor at the same position that sees at most `count` bytes.
    func window(_ count: Int) -> JSONCursor { JSONCursor(base: base, at: at, end: min(end, at + count)) }

    /// The same memory between two positions.
    func part(_ start: Int, _ end: Int) -> JSONCursor { JSONCursor(base: base, at: start, end: end) }

    @inline(__always)
    subscript(offset: Int) -> UInt8 { base.load(fromByteOffset: offset, as: UInt8.self) }

    /// The eight bytes from `offset` on, the first one lowest.
    @inline(__always)
    func word(_ offset: Int) -> UInt64 { UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) }

    /// The bytes between two positions.
    @inline(__always)
    func bytes(_ start: Int, _ end: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base + start, count: end - start)
    }

    /// Skips white space and returns the byte after it.
    @inline(__always)
    mutating func peekToken() throws(JSONStop) -> UInt8 {
        while at < end {
            let byte = self[at]
            guard byte <= 0x20, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            at += 1
        }
        throw .incomplete
    }

    /// Moves past `true`, `false` or `null`, whose first byte is the next one.
    @inline(__always)
    mutating func literal(_ word: StaticString, _ problem: JSONProblem) throws(JSONStop) {
        for i in 0..<word.utf8CodeUnitCount {
            guard at + i < end else { throw .incomplete }
            guard self[at + i] == word.utf8Start[i] else { throw .malformed(problem, at: at + i) }
        }
        at += word.utf8CodeUnitCount
    }
}

extension UInt8 {
    /// True for the bytes that a JSON value may start with.
    var startsJSONValue: Bool {
        switch self {
        case UInt8(ascii: "\""), UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"):
            true
        default: false
        }
    }

    /// The value of an ASCII hexadecimal digit.
    @inline(__always)
    var hexDigit: UInt32? {
        switch self {
        case 0x30...0x39: UInt32(self) - 0x30
        case 0x41...0x46: UInt32(self) - 0x37
        case 0x61...0x66: UInt32(self) - 0x57
        default: nil
        }
    }
}
