extension Collection<UInt8> {
    /// Whether brackets and quotes are balanced and the first bracket, one of `opening`, closes at the very end: one complete array
    /// or object. The content is left to the server to check.
    func isWholeJSON(opening: Set<UInt8>) -> Bool {
        guard let first, opening.contains(first) else { return false }
        var open: [UInt8] = []
        var isInString = false
        var isEscaped = false
        var left = count
        for c in self {
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
