extension Collection<UInt8> {
    /// Whether this is one complete array or object, its first bracket one of `opening`. The content is left to the server to check.
    func isWholeJSON(opening: Set<UInt8>) -> Bool {
        guard let first, opening.contains(first) else { return false }
        return endOfWholeJSON == endIndex
    }

    /// Behind the bracket that closes the first one, all brackets and quotes between being balanced; `nil` if there is none.
    var endOfWholeJSON: Index? {
        var open: [UInt8] = []
        var isInString = false
        var isEscaped = false
        for at in indices {
            let c = self[at]
            if isInString {
                if isEscaped { isEscaped = false } else if c == 0x5C { isEscaped = true } else if c == 0x22 { isInString = false }
                continue
            }
            switch c {
            case 0x22: isInString = true
            case 0x7B, 0x5B: open.append(c)
            case 0x7D, 0x5D:
                // In ASCII, a closing bracket's code is its opening one's plus 2.
                guard open.popLast() == c - 2 else { return nil }
                if open.isEmpty { return index(after: at) }
            default: break
            }
        }
        return nil
    }
}
