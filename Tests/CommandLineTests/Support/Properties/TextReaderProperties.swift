import Foundation
import SyncModel
#if canImport(TestSupport)
    import SyncServer
    import TestSupport
    @testable import usersync
#endif

/// What should hold for a text that was read and does not.
struct BrokenText: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }

    static func unless(_ isTrue: Bool, _ sentence: @autoclosure () -> String) throws(BrokenText) {
        if !isTrue { throw BrokenText(sentence()) }
    }
}

/// What must hold for any query of a request.
enum QueryProperties {
    static func check(_ query: String) throws(BrokenText) {
        let parameters = QueryParameters(query)
        for name in ["limit", "status", "since", "jobId", "tenantId", "cursor", "", "a"] {
            if let text = (try? parameters.text(name)) ?? nil {
                try BrokenText.unless((1...255).contains(text.count) && !text.utf8.contains(0), "\(name) is text")
                try BrokenText.unless(parameters.contains(name), "\(name) is there")
            }
            if let number = try? parameters.integer(name, in: 1...200, default: 7) {
                try BrokenText.unless((1...200).contains(number), "\(name) is in its range")
            }
            if let moment = (try? parameters.time(name)) ?? nil {
                try BrokenText.unless(Timestamp(iso8601: moment.iso8601) == moment, "\(name) is a moment")
            }
            if let id = (try? parameters.jobID(name)) ?? nil { try BrokenText.unless(JobID(id.text) == id, "\(name) is an id") }
            _ = try? parameters.word(name, as: JobState.self)
            _ = try? parameters.cursor()
        }
        // Each byte as %XX, any text is itself again.
        guard !query.isEmpty, query.count <= 255, !query.utf8.contains(0) else { return }
        let coded = query.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let back = (try? QueryParameters("a=\(coded)").text("a")) ?? nil
        try BrokenText.unless(back.map { Array($0.utf8) } == Array(query.utf8), "a text is read back byte for byte")
    }
}

/// What must hold for any bytes as a CSV file: the rows do not depend on how it comes.
enum CSVProperties {
    static func check(_ bytes: [UInt8], cut: Int) throws(BrokenText) {
        let whole = rows(bytes, size: bytes.count)
        for size in [1, 2, max(1, cut)] {
            try BrokenText.unless(rows(bytes, size: size) == whole, "in pieces of \(size) bytes it is the same file")
        }
        for row in whole where row.line > 0 { try BrokenText.unless(!row.cells.isEmpty, "a row has cells") }
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
