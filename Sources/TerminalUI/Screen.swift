/// A screen of lines that is redrawn in place.
package struct Screen {
    private let lines: [TerminalText]
    private let size: TerminalSize

    /// The lines that fit, from the first on; a last one says how many do not. A line that is longer than the terminal is wide
    /// takes several rows and is not cut, so that what stands in it can be copied.
    package init(_ lines: [TerminalText], size: TerminalSize) {
        self.size = size
        // The cursor rests on the last row.
        let room = size.rows - 1
        var used = 0
        var fitting = lines.prefix { line in
            used += line.rows(width: size.columns)
            return used <= room
        }
        guard fitting.count < lines.count else {
            self.lines = lines
            return
        }
        // One row is for the remark.
        used = 0
        fitting = lines.prefix { line in
            used += line.rows(width: size.columns)
            return used < room
        }
        var kept = Array(fitting)
        if kept.isEmpty, let first = lines.first { kept = [first.cut(to: (room - 1) * size.columns)] }
        let more: TerminalText = "  … \(Format.count(lines.count - kept.count, "more line")): a larger window shows them"
        self.lines = kept + [more.cut(to: size.columns)]
    }

    /// What draws it over the one before. Each line is cleared to its end rather than the screen at once, to avoid flicker.
    package var drawn: TerminalText {
        var out: TerminalText = "\u{1B}[H"
        for line in lines {
            // After a full row the cursor still stands on its last column: clearing would take that away.
            let isFull = line.columns > 0 && line.columns % size.columns == 0
            out += line + (isFull ? "\n" : "\u{1B}[K\n")
        }
        return out + "\u{1B}[J"
    }
}

extension TerminalText {
    /// The rows that one line takes on a terminal that breaks it at its width.
    func rows(width: Int) -> Int { max(1, (columns + width - 1) / width) }
}
