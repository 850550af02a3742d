/// Small pieces of JSON, written and checked as bytes.
package enum JSONText {
    /// Appends a text with its quotes and escapes.
    static func append(_ text: some Sequence<UInt8>, to out: inout [UInt8]) {
        out.append(0x22)
        for c in text {
            switch c {
            case 0x22, 0x5C: out += [0x5C, c]
            case 0x0A: out += [0x5C, 0x6E]
            case 0x0D: out += [0x5C, 0x72]
            case 0x09: out += [0x5C, 0x74]
            case 0..<0x20: out += Array("\\u00\(c < 16 ? "0" : "")\(String(c, radix: 16))".utf8)
            default: out.append(c)
            }
        }
        out.append(0x22)
    }

    /// A text as JSON.
    package static func quoted(_ text: String) -> String {
        var out: [UInt8] = []
        append(text.utf8, to: &out)
        return String(decoding: out, as: UTF8.self)
    }

    /// Whether the brackets and quotes of `bytes` are balanced and the first bracket closes at the very end: one complete array
    /// or object. The content is left to the server to check.
    static func isWhole(_ bytes: some Collection<UInt8>, opening: Set<UInt8> = [0x7B, 0x5B]) -> Bool {
        guard let first = bytes.first, opening.contains(first) else { return false }
        var open: [UInt8] = []
        var isInString = false
        var isEscaped = false
        var left = bytes.count
        for c in bytes {
            left -= 1
            if isInString {
                if isEscaped { isEscaped = false } else if c == 0x5C { isEscaped = true } else if c == 0x22 { isInString = false }
                continue
            }
            switch c {
            case 0x22: isInString = true
            case 0x7B, 0x5B: open.append(c)
            case 0x7D, 0x5D:
                // In ASCII, a closing bracket's code is its opening one's plus 2.
                guard open.popLast() == c - 2 else { return false }
                if open.isEmpty { return left == 0 }
            default: break
            }
        }
        return false
    }
}
