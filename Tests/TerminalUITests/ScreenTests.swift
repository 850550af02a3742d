import TerminalUI
import Testing

@Suite("A screen")
struct ScreenTests {
    private func size(_ columns: Int, _ rows: Int) -> TerminalSize {
        TerminalSize(environment: [:], columns: columns, rows: rows)
    }

    /// The rows of what is drawn on a terminal that breaks lines at its width.
    private func rows(_ screen: Screen, columns: Int) -> [String] {
        let plain = screen.drawn.plain.replacing("\u{1B}[H", with: "").replacing("\u{1B}[K", with: "").replacing(
            "\u{1B}[J", with: "")
        return plain.split(separator: "\n", omittingEmptySubsequences: false).dropLast().flatMap { line in
            stride(from: 0, to: max(1, line.count), by: columns).map { String(line.dropFirst($0).prefix(columns)) }
        }
    }

    @Test("$COLUMNS and $LINES count before what the terminal reports, and that before 80 and 24")
    func sizes() {
        let both = TerminalSize(environment: ["COLUMNS": "100", "LINES": "0"], columns: 120, rows: 40)
        #expect(both.columns == 100 && both.rows == 40)
        #expect(TerminalSize(environment: ["COLUMNS": "wide"], columns: 0, rows: nil) == TerminalSize())
    }

    @Test("keeps its first line in sight, whatever there is and however small the terminal", arguments: [3, 4, 10, 24, 60])
    func fits(height: Int) {
        for columns in [20, 80, 81, 200] {
            for count in [1, 5, 22, 23, 24, 300] {
                let lines = (0..<count).map { TerminalText("line \($0) " + String(repeating: "x", count: $0 % 7 * 40)) }
                let rows = rows(Screen(lines, size: size(columns, height)), columns: columns)
                #expect(rows.count <= height - 1)
                #expect(rows.first?.hasPrefix("line 0") == true)
                let shown = rows.count { $0.hasPrefix("line ") }
                let rest = rows.last.flatMap { $0.firstMatch(of: /… ([0-9]+) more line/) }.flatMap { Int($0.output.1) }
                #expect(shown + (rest ?? 0) == count)
            }
        }
    }

    @Test("a first line longer than the window is cut rather than left out, and a full row keeps its last character")
    func long() {
        let long = TerminalText(String(repeating: "a", count: 500))
        #expect(rows(Screen([long, "b"], size: size(20, 5)), columns: 20).count <= 4)
        let full = TerminalText(String(repeating: "a", count: 20))
        #expect(Screen([full], size: size(20, 5)).drawn.plain == "\u{1B}[H\(String(repeating: "a", count: 20))\n\u{1B}[J")
    }
}
