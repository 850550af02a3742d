import Foundation

/// The format of a file of users.
package enum UserFileFormat: String, Sendable, CaseIterable {
    /// The integration guide's request, sent as is.
    case json
    /// One JSON object per line, each a user.
    case ndjson
    /// A header row with the integration guide's field names, then one user per row.
    case csv

    /// By the file's extension, else by its first byte that is not white space.
    static func detect(path: String, head: some Sequence<UInt8>) -> UserFileFormat {
        switch (path as NSString).pathExtension.lowercased() {
        case "csv", "tsv": return .csv
        case "ndjson", "jsonl": return .ndjson
        case "json": return .json
        default: break
        }
        var bytes = head.makeIterator()
        while let c = bytes.next() {
            switch c {
            // White space and the bytes of a UTF-8 byte order mark.
            case 0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF: continue
            case 0x7B: return .json
            default: return .csv
            }
        }
        return .json
    }
}
