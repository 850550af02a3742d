#if canImport(TestSupport)
    import TestSupport
    @testable import SyncClient
#endif

/// What must hold for any bytes as a CSV file: the rows do not depend on how it comes.
enum CSVProperties {
    static func check(_ bytes: [UInt8], cut: Int) throws {
        let whole = rows(bytes, size: bytes.count)
        for size in [1, 2, max(1, cut)] {
            try hold(rows(bytes, size: size) == whole, "in pieces of \(size) bytes it is the same file")
        }
        for row in whole where row.line > 0 { try hold(!row.cells.isEmpty, "a row has cells") }
    }

    private struct Row: Equatable {
        var line: Int
        var cells: [[UInt8]]
    }

    /// The rows; where the file is none, a last one with the line 0 and the reason.
    private static func rows(_ bytes: [UInt8], size: Int) -> [Row] {
        var reader = CSVReader()
        var rows: [Row] = []
        do {
            var at = 0
            while at < bytes.count {
                let end = min(at + size, bytes.count)
                try reader.feed(bytes[at..<end]) { rows.append(Row(line: $0.line, cells: $0.cells)) }
                at = end
            }
            try reader.finish { rows.append(Row(line: $0.line, cells: $0.cells)) }
        } catch {
            rows.append(Row(line: 0, cells: [Array("\(error)".utf8)]))
        }
        return rows
    }
}
