extension StringProtocol {
    /// The columns that the text takes on a terminal.
    var terminalColumns: Int { reduce(0) { $0 + $1.terminalColumns } }

    /// The longest beginning that fits.
    func prefix(columns: Int) -> SubSequence {
        var left = columns
        return prefix { character in
            left -= character.terminalColumns
            return left >= 0
        }
    }
}

extension Character {
    /// 2 for the wide characters of East Asian scripts and for emoji (Unicode's UAX 11, by blocks), else 1.
    fileprivate var terminalColumns: Int {
        guard let scalar = unicodeScalars.first, scalar.value >= 0x1100 else { return 1 }
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF,
            0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1FAFF,
            0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}
