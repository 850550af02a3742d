/// Columns and rows that may be used.
package struct TerminalSize: Sendable, Hashable {
    package var columns = 80
    package var rows = 24

    package init() {}

    /// `$COLUMNS` and `$LINES` where they are set, as POSIX has it, else what the terminal reports, else 80 and 24; within reason.
    package init(environment: [String: String], columns: Int?, rows: Int?) {
        func first(_ name: String, _ reported: Int?, else usual: Int) -> Int {
            [environment[name].flatMap { Int($0) }, reported].compactMap(\.self).first { $0 > 0 } ?? usual
        }
        self.columns = min(max(first("COLUMNS", columns, else: 80), 20), 10_000)
        self.rows = min(max(first("LINES", rows, else: 24), 3), 10_000)
    }
}
