/// Aligned columns of text.
package struct Table {
    package enum Alignment { case left, right }

    private let columns: [(title: String, alignment: Alignment)]
    private var rows: [[String]] = []

    package init(_ columns: [(title: String, alignment: Alignment)]) { self.columns = columns }

    package mutating func add(_ cells: [String]) { rows.append(cells.map(Table.oneLine)) }

    /// The lines, titles first; the last column is cut off at `width`.
    package func lines(width: Int, style: Style, indent: Int = 0) -> [String] {
        let titles = columns.map(\.title)
        let widths = columns.indices.map { column in
            ([titles] + rows).map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        func line(_ cells: [String]) -> String {
            var out = String(repeating: " ", count: indent)
            for (at, cell) in cells.enumerated() where at < columns.count {
                if at > 0 { out += "  " }
                let isLast = at == columns.count - 1
                let space = String(repeating: " ", count: max(0, widths[at] - cell.count))
                switch columns[at].alignment {
                case .right: out += space + cell
                case .left: out += isLast ? Table.cut(cell, to: max(8, width - out.count)) : cell + space
                }
            }
            return out
        }
        return [style.dim(line(titles))] + rows.map(line)
    }

    package static func cut(_ text: String, to width: Int) -> String {
        text.count <= width ? text : text.prefix(max(0, width - 1)) + "…"
    }

    /// Keeps text from a server or a file from moving the cursor or starting new lines.
    package static func oneLine(_ text: String) -> String {
        String(text.map { $0.isNewline || $0.unicodeScalars.contains { $0.properties.generalCategory == .control } ? " " : $0 })
    }
}
