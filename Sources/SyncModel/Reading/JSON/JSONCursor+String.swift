extension JSONCursor {
    /// Scans from inside a string past its closing quote, eight bytes at a time while they are plain ASCII.
    ///
    /// If it throws `.incomplete`, the cursor is inside the string, between two characters, and the scan may be resumed there.
    /// - Returns: whether there was an escape.
    @inline(__always)
    mutating func stringRest() throws(JSONStop) -> Bool {
        var escaped = false
        while true {
            while at + 8 <= end {
                let special = JSONCursor.special(word(at))
                guard special == 0 else {
                    at += special.trailingZeroBitCount >> 3
                    break
                }
                at += 8
            }
            guard at < end else { throw .incomplete }
            switch self[at] {
            case UInt8(ascii: "\""):
                at += 1
                return escaped
            case UInt8(ascii: "\\"):
                escaped = true
                at += try escape()
            case 0..<0x20: throw .malformed(.controlCharacter, at: at)
            case 0x80...: at += try sequence()
            default: at += 1
            }
        }
    }

    /// Sets the high bit of the lowest byte of `word` that is a quote, a backslash, a control character or not ASCII (perhaps
    /// also of higher bytes that are none of these, since a borrow may carry on).
    @inline(__always)
    private static func special(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quote = (word ^ (ones &* 0x22)) &- ones
        let backslash = (word ^ (ones &* 0x5C)) &- ones
        let control = word &- (ones &* 0x20)
        return ((quote | backslash | control) & ~word | word) & (ones &* 0x80)
    }

    /// The length of the escape at the cursor; for a high surrogate, of the pair.
    @inline(never)
    private func escape() throws(JSONStop) -> Int {
        guard at + 1 < end else { throw .incomplete }
        switch self[at + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"),
            UInt8(ascii: "r"), UInt8(ascii: "t"):
            return 2
        case UInt8(ascii: "u"):
            guard let unit = try hex(at + 2) else { throw .malformed(.invalidEscape, at: at) }
            switch unit {
            case 0: throw .malformed(.nulEscape, at: at)
            case 0xD800...0xDBFF:
                guard at + 6 < end else { throw .incomplete }
                guard self[at + 6] == UInt8(ascii: "\\") else { throw .malformed(.unpairedSurrogate, at: at) }
                guard at + 7 < end else { throw .incomplete }
                guard self[at + 7] == UInt8(ascii: "u"), let low = try hex(at + 8), 0xDC00...0xDFFF ~= low else {
                    throw .malformed(.unpairedSurrogate, at: at)
                }
                return 12
            case 0xDC00...0xDFFF: throw .malformed(.unpairedSurrogate, at: at)
            default: return 6
            }
        default: throw .malformed(.invalidEscape, at: at)
        }
    }

    /// Four hexadecimal digits; `nil` if one of the bytes is not a digit.
    private func hex(_ start: Int) throws(JSONStop) -> UInt32? {
        var value: UInt32 = 0
        for i in start..<(start + 4) {
            guard i < end else { throw .incomplete }
            guard let digit = self[i].hexDigit else { return nil }
            value = value << 4 | digit
        }
        return value
    }

    /// The length of the UTF-8 sequence at the cursor, well-formed according to table 3-7 of the Unicode standard.
    @inline(__always)
    private func sequence() throws(JSONStop) -> Int {
        let count: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch self[at] {
        case 0xC2...0xDF: count = 2
        case 0xE0: count = 3; second = 0xA0...0xBF
        case 0xED: count = 3; second = 0x80...0x9F
        case 0xE1...0xEF: count = 3
        case 0xF0: count = 4; second = 0x90...0xBF
        case 0xF1...0xF3: count = 4
        case 0xF4: count = 4; second = 0x80...0x8F
        default: throw .malformed(.invalidUTF8, at: at)
        }
        guard at + 1 < end else { throw .incomplete }
        guard second ~= self[at + 1] else { throw .malformed(.invalidUTF8, at: at) }
        for i in 2..<max(count, 2) {
            guard at + i < end else { throw .incomplete }
            guard self[at + i] & 0xC0 == 0x80 else { throw .malformed(.invalidUTF8, at: at) }
        }
        return count
    }
}
