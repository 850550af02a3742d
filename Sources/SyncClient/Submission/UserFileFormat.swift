import Foundation

/// The format of a file of users.
package enum UserFileFormat: String, Sendable, CaseIterable {
    /// The integration guide's request, sent as is.
    case json
    /// One JSON object per line, each a user.
    case ndjson
    /// A header row with the integration guide's field names, then one user per row.
    case csv

    /// By the file's extension, `.gz` aside; `nil` if that says nothing.
    init?(path: String) {
        var path = path as NSString
        if path.pathExtension.lowercased() == "gz" { path = path.deletingPathExtension as NSString }
        switch path.pathExtension.lowercased() {
        case "csv", "tsv": self = .csv
        case "ndjson", "jsonl": self = .ndjson
        case "json": self = .json
        default: return nil
        }
    }

    /// Bytes after which the content has told its format: a user has at most 64 KiB.
    static let tellingBytes = 128 * 1024

    /// By what is in the file; the name decides where the content leaves it open.
    ///
    /// - Parameters:
    ///   - head: the file's beginning, not empty.
    ///   - isWhole: whether there is no more of it.
    /// - Returns: `nil` if more of the file is needed.
    static func tell(head: [UInt8], isWhole: Bool, path: String) -> UserFileFormat? {
        let named = UserFileFormat(path: path)
        let isAll = isWhole || head.count >= tellingBytes
        let text = head.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
        switch text.first {
        case nil: return isAll ? named ?? .json : nil
        case 0x5B: return .json  // [
        case 0x7B:  // {
            guard let end = text.endOfWholeJSON else { return isAll ? named == .ndjson ? .ndjson : .json : nil }
            let rest = text[end...].drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
            if let next = rest.first { return next == 0x7B ? .ndjson : named == .ndjson ? .ndjson : .json }
            if !isAll { return nil }
            return isUser(text[..<end]) ? .ndjson : named == .ndjson && !isRequest(text[..<end]) ? .ndjson : .json
        default:
            // A header row names the email of a user; anything else is a broken file of the format that its name says.
            guard let named, named != .csv else { return .csv }
            let line = text.prefix { $0 != 0x0A && $0 != 0x0D }
            return String(decoding: line, as: UTF8.self).lowercased().contains("email") ? .csv : named
        }
    }

    private static func members(_ object: ArraySlice<UInt8>) -> Set<String> {
        let object = (try? JSONSerialization.jsonObject(with: Data(object))) as? [String: Any]
        return Set((object ?? [:]).keys)
    }

    private static func isRequest(_ object: ArraySlice<UInt8>) -> Bool {
        !members(object).isDisjoint(with: ["operation", "tenant", "users"])
    }

    private static func isUser(_ object: ArraySlice<UInt8>) -> Bool {
        members(object).contains("email") && !isRequest(object)
    }
}
