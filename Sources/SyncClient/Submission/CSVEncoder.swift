import NIOCore
import SyncModel

/// One user per row; a header row has the integration guide's field names, in any case. An empty cell leaves the field out.
struct CSVEncoder: BodyEncoder {
    private let envelope: Envelope
    private var reader = CSVReader()
    /// By column; `nil` for a column that is left out.
    private var fields: [UserField?]?
    private var users = 0
    /// Of one user; kept for its memory.
    private var json = JSONWriter()
    private(set) var remarks: [String] = []

    init(envelope: Envelope) { self.envelope = envelope }

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
        if users == 0 { out += envelope.head }
        out += envelope.tail
    }

    private mutating func take(_ row: CSVReader.Row, into out: inout [UInt8]) throws {
        guard let fields else {
            fields = try header(row.cells)
            return
        }
        guard row.cells.count <= fields.count else {
            throw ClientFailure("line \(row.line) has \(row.cells.count) cells, the header row \(fields.count)")
        }
        out += users == 0 ? envelope.head : [0x2C]
        json.removeAll()
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

    private mutating func header(_ cells: [[UInt8]]) throws -> [UserField?] {
        let known = UserField.allCases.filter { $0 != .problem }
        var strangers: [String] = []
        var seen: Set<UserField> = []
        let fields = try cells.map { cell -> UserField? in
            let title = CSVEncoder.trimmed(String(decoding: cell, as: UTF8.self))
            guard let field = known.first(where: { $0.jsonName.lowercased() == title.lowercased() }) else {
                strangers.append(title.isEmpty ? "(no name)" : title)
                return nil
            }
            guard seen.insert(field).inserted else { throw ClientFailure("line 1: two columns are called \(field.jsonName)") }
            return field
        }
        guard seen.contains(.email), seen.contains(.name) else {
            throw ClientFailure(
                "line 1: the header row needs the columns email and name; it may have \(known.map(\.jsonName).joined(separator: ", "))"
            )
        }
        if !strangers.isEmpty {
            remarks.append("columns left out, the guide has no such field: \(strangers.joined(separator: ", "))")
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
