import NIOCore
import SyncAPI
import SyncModel

/// One user per row; a header row has the integration guide's field names, in any case. An empty cell leaves the field out.
struct CSVEncoder: BodyEncoder {
    private let frame: SyncRequestFrame
    private var reader = CSVReader()
    /// By column; `nil` for a column that is left out.
    private var fields: [UserField?]?
    /// The header row as it is in the file.
    private var titles: [[UInt8]] = []
    private var strangers: [String] = []
    /// Columns at the end of the header row whose title is empty: a separator too many, unless they have values.
    private var unnamed: Range<Int> = 0..<0
    private var unnamedHaveValues = false
    private var blank = SkippedLines()
    private var repeated = SkippedLines()
    private var users = 0
    /// Of one user; kept for its memory.
    private var json = JSONWriter()

    var remarks: [String] {
        var remarks: [String] = []
        let strangers = strangers + (unnamedHaveValues ? ["(no name)"] : [])
        if !strangers.isEmpty {
            remarks.append("columns left out, the guide has no such field: \(strangers.joined(separator: ", "))")
        }
        if let lines = blank.sentence { remarks.append("rows without a value are left out: \(lines)") }
        if let lines = repeated.sentence { remarks.append("rows that repeat the header row are left out: \(lines)") }
        return remarks
    }

    init(frame: SyncRequestFrame) { self.frame = frame }

    mutating func encode(_ chunk: ByteBuffer, into out: inout [UInt8]) throws {
        var reader = self.reader
        try reader.feed(chunk.readableBytesView) { try take($0, into: &out) }
        self.reader = reader
    }

    mutating func finish(into out: inout [UInt8]) throws {
        var reader = self.reader
        try reader.finish { try take($0, into: &out) }
        self.reader = reader
        guard fields != nil else { throw ClientFailure("the CSV file is empty: it needs a header row") }
        if users == 0 { out += frame.head }
        out += frame.tail
    }

    private mutating func take(_ row: CSVReader.Row, into out: inout [UInt8]) throws {
        if row.cells.allSatisfy({ $0.allSatisfy { $0 == 0x20 || $0 == 0x09 } }) { return blank.add(row.line) }
        guard let fields else {
            fields = try header(row.cells, line: row.line)
            titles = row.cells
            return
        }
        if row.cells == titles { return repeated.add(row.line) }
        // Separators at the end of a row are those of empty cells.
        guard row.cells.dropFirst(fields.count).allSatisfy(\.isEmpty) else {
            throw ClientFailure("line \(row.line) has \(row.cells.count) cells, the header row \(fields.count)")
        }
        out += users == 0 ? frame.head : [0x2C]
        json.removeAll()
        if !row.cells[unnamed.clamped(to: row.cells.indices)].allSatisfy(\.isEmpty) { unnamedHaveValues = true }
        try json.object { json in
            for (field, cell) in zip(fields, row.cells) {
                guard let field, !cell.isEmpty else { continue }
                do {
                    try json.member(named: field.jsonName) { try CSVEncoder.write(cell, of: field, to: &$0) }
                } catch {
                    throw ClientFailure("line \(row.line), \(field.jsonName): \(error)")
                }
            }
        }
        out += json.bytes
        users += 1
    }

    private mutating func header(_ cells: [[UInt8]], line: Int) throws -> [UserField?] {
        let known = UserField.allCases.filter { $0 != .problem }
        let isNamed: ([UInt8]) -> Bool = { !CSVEncoder.trimmed(String(decoding: $0, as: UTF8.self)).isEmpty }
        unnamed = (cells.lastIndex(where: isNamed) ?? -1) + 1..<cells.count
        var seen: Set<UserField> = []
        let fields = try cells.enumerated().map { at, cell -> UserField? in
            if unnamed.contains(at) { return nil }
            let title = CSVEncoder.trimmed(String(decoding: cell, as: UTF8.self))
            guard let field = known.first(where: { $0.jsonName.lowercased() == title.lowercased() }) else {
                strangers.append(title.isEmpty ? "(no name)" : title)
                return nil
            }
            guard seen.insert(field).inserted else {
                throw ClientFailure("line \(line): two columns are called \(field.jsonName)")
            }
            return field
        }
        guard seen.contains(.email), seen.contains(.name) else {
            throw ClientFailure(
                "line \(line): the header row needs the columns email and name; it may have \(known.map(\.jsonName).joined(separator: ", "))"
            )
        }
        return fields
    }

    private static func write(_ cell: [UInt8], of field: UserField, to json: inout JSONWriter) throws(ClientFailure) {
        guard let text = String(validating: cell, as: UTF8.self) else { throw ClientFailure("the text is not UTF-8") }
        switch field {
        case .isActive, .isAdmin:
            switch trimmed(text).lowercased() {
            case "true", "yes", "1": json.bool(true)
            case "false", "no", "0": json.bool(false)
            default: throw ClientFailure("must be true or false")
            }
        case .roles, .permissions, .allowedApplications:
            let value = trimmed(text)
            if value.first == "[" || value.first == "{" {
                guard value.utf8.isWholeJSON(opening: [0x7B, 0x5B]) else { throw ClientFailure("the JSON is not whole") }
                json.raw(bytes: value.utf8)
            } else {
                json.array { json in
                    for item in value.split(separator: ";").map({ trimmed(String($0)) }) where !item.isEmpty { json.string(item) }
                }
            }
        default:
            json.string(text)
        }
    }

    private static func trimmed(_ text: String) -> String {
        var text = text[...]
        while let c = text.first, c.isWhitespace { text.removeFirst() }
        while let c = text.last, c.isWhitespace { text.removeLast() }
        return String(text)
    }
}
