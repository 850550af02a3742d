/// Texts from JSON that a cursor has passed, so they are known to be well-formed.
enum JSONText {
    /// The length in bytes of the longest escape of an ASCII character: `\u0041`.
    static let maxEscapeLength = 6

    /// Writes the text of a string with escapes (without its quotes) to `out`, which needs no more room than `raw` has bytes.
    /// - Returns: the bytes written.
    static func unescape(_ raw: UnsafeRawBufferPointer, to out: UnsafeMutableRawBufferPointer) -> Int {
        var written = 0
        var at = 0
        while at < raw.count {
            if raw[at] != UInt8(ascii: "\\") {
                out[written] = raw[at]
                written += 1
                at += 1
            } else {
                let (scalar, length) = escape(raw, at)
                for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
                    out[written] = byte
                    written += 1
                }
                at += length
            }
        }
        return written
    }

    /// The text of a string, without its quotes.
    static func unescaped(_ raw: UnsafeRawBufferPointer) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: raw.count) { out, count in
            count = unescape(raw, to: UnsafeMutableRawBufferPointer(out))
        }
    }

    /// Copies an array or object without the white space between its tokens.
    /// - Returns: the bytes written.
    static func minify(_ raw: UnsafeRawBufferPointer, to out: UnsafeMutableRawBufferPointer) -> Int {
        var written = 0
        var inString = false
        var at = 0
        while at < raw.count {
            let byte = raw[at]
            at += 1
            if !inString, byte <= 0x20 { continue }
            out[written] = byte
            written += 1
            if byte == UInt8(ascii: "\"") {
                inString.toggle()
            } else if byte == UInt8(ascii: "\\") {
                out[written] = raw[at]
                written += 1
                at += 1
            }
        }
        return written
    }

    /// How many characters the string has (Unicode code points, as `VARCHAR(n)` counts them).
    static func characters(_ raw: UnsafeRawBufferPointer) -> Int {
        var count = 0
        var at = 0
        while at < raw.count {
            if raw[at] == UInt8(ascii: "\\") {
                at += escape(raw, at).length
                count += 1
            } else {
                if raw[at] & 0xC0 != 0x80 { count += 1 }
                at += 1
            }
        }
        return count
    }

    /// The position after the first `characters` characters, or after the last one.
    static func end(of characters: Int, in raw: UnsafeRawBufferPointer) -> Int {
        var count = 0
        var at = 0
        while at < raw.count, count < characters {
            if raw[at] == UInt8(ascii: "\\") {
                at += escape(raw, at).length
            } else {
                repeat { at += 1 } while at < raw.count && raw[at] & 0xC0 == 0x80
            }
            count += 1
        }
        return at
    }

    /// The character that an escape stands for, and the escape's length.
    private static func escape(_ raw: UnsafeRawBufferPointer, _ at: Int) -> (scalar: Unicode.Scalar, length: Int) {
        func unit(_ start: Int) -> UInt32 {
            (start..<(start + 4)).reduce(0) { $0 << 4 | (raw[$1].hexDigit ?? 0) }
        }
        switch raw[at + 1] {
        case UInt8(ascii: "b"): return ("\u{8}", 2)
        case UInt8(ascii: "f"): return ("\u{C}", 2)
        case UInt8(ascii: "n"): return ("\n", 2)
        case UInt8(ascii: "r"): return ("\r", 2)
        case UInt8(ascii: "t"): return ("\t", 2)
        case UInt8(ascii: "u"):
            let first = unit(at + 2)
            guard 0xD800...0xDBFF ~= first else { return (Unicode.Scalar(first) ?? "\u{FFFD}", 6) }
            let pair = 0x10000 + (first - 0xD800) << 10 + (unit(at + 8) - 0xDC00)
            return (Unicode.Scalar(pair) ?? "\u{FFFD}", 12)
        case let byte: return (Unicode.Scalar(byte), 2)
        }
    }
}
