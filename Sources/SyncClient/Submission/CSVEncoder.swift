import NIOCore
import SyncModel

/// One user per row; a header row has the integration guide's field names, in any case. An empty cell leaves the field out.
struct CSVEncoder: BodyEncoder {
    private let envelope: Envelope
    private var reader = CSVReader()
    /// By column; `nil` for a column that is left out.
    private var fields: [UserField?]?
    private var users = 0
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
        out.append(0x7B)
        var isFirst = true
        for (field, cell) in zip(fields, row.cells) {
            guard let field, !cell.isEmpty else { continue }
            if !isFirst { out.append(0x2C) }
            isFirst = false
            JSONText.append(field.jsonName.utf8, to: &out)
            out.append(0x3A)
            do {
                try CSVEncoder.append(cell, of: field, to: &out)
            } catch {
                throw ClientFailure("line \(row.line), \(field.jsonName): \(error)")
            }
        }
        out.append(0x7D)
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

    private static func append(_ cell: [UInt8], of field: UserField, to out: inout [UInt8]) throws(ClientFailure) {
        guard let text = String(validating: cell, as: UTF8.self) else { throw ClientFailure("the text is not UTF-8") }
        switch field {
        case .isActive, .isAdmin:
            switch trimmed(text).lowercased() {
            case "true", "yes", "1": out += Array("true".utf8)
            case "false", "no", "0": out += Array("false".utf8)
            default: throw ClientFailure("must be true or false")
            }
        case .roles, .permissions, .allowedApplications:
            let value = trimmed(text)
            if value.first == "[" || value.first == "{" {
                guard JSONText.isWhole(Array(value.utf8)) else { throw ClientFailure("the JSON is not whole") }
                out += Array(value.utf8)
            } else {
                out.append(0x5B)
                for (at, item) in value.split(separator: ";").map({ trimmed(String($0)) }).filter({ !$0.isEmpty }).enumerated() {
                    if at > 0 { out.append(0x2C) }
                    JSONText.append(item.utf8, to: &out)
                }
                out.append(0x5D)
            }
        default:
            JSONText.append(cell, to: &out)
        }
    }

    private static func trimmed(_ text: String) -> String {
        var text = text[...]
        while let c = text.first, c.isWhitespace { text.removeFirst() }
        while let c = text.last, c.isWhitespace { text.removeLast() }
        return String(text)
    }
}
