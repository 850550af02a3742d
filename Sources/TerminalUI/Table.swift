/// Aligned columns of text.
package struct Table {
    package enum Alignment {
        case left, right
        /// To the left, in the last column: a text for people that may be cut. What is copied (ids, counts, times) never is.
        case text
    }

    /// A wider cell moves the rest of its own row and of no other: an id that is far longer than the others pushes their columns
    /// nowhere, and is whole.
    private static let widestAligned = 40

    private let columns: [(title: String, alignment: Alignment)]
    private var rows: [[TerminalText]] = []

    package init(_ columns: [(title: String, alignment: Alignment)]) { self.columns = columns }

    package mutating func add(_ cells: [String]) { rows.append(cells.map { TerminalText($0) }) }

    /// The lines, titles first; a last column of `text` is cut off at `width`.
    package func lines(width: Int, style: Style, indent: Int = 0) -> [TerminalText] {
        let titles = columns.map { TerminalText($0.title) }
        let widths = columns.indices.map { column in
            ([titles] + rows).map { column < $0.count ? $0[column].columns : 0 }.filter { $0 <= Table.widestAligned }.max() ?? 0
        }
        func line(_ cells: [TerminalText]) -> TerminalText {
            var out = TerminalText(String(repeating: " ", count: indent))
            for (at, cell) in cells.enumerated() where at < columns.count {
                if at > 0 { out += "  " }
                let space = TerminalText(String(repeating: " ", count: max(0, widths[at] - cell.columns)))
                switch columns[at].alignment {
                case .right: out += space + cell
                case .left: out += at == columns.count - 1 ? cell : cell + space
                case .text: out += cell.cut(to: max(8, width - out.columns))
                }
            }
            return out
        }
        return [style.dim(line(titles))] + rows.map(line)
    }
}
