import Foundation
import SyncAPI
import SyncClient
import TerminalUI

extension SyncClient.Answer {
    /// The document, with a warning for what of it counts as absent because it cannot be read.
    func shown<Document: JSONDocument>(as _: Document.Type, on terminal: Terminal) throws(ClientFailure) -> Document {
        let (document, unread) = try reading(as: Document.self)
        if !unread.isEmpty {
            terminal.warn("parts of the server's answer cannot be read and are not shown: \(UnreadParts.sentence(unread))")
        }
        return document
    }

    /// The answer as the server sent it.
    /// - Throws: `ClientFailure` if it is not the document, as from a proxy or another server.
    func json<Document: JSONDocument>(of _: Document.Type) throws(ClientFailure) -> Data {
        _ = try reading(as: Document.self)
        return body
    }
}

/// Parts of an answer that cannot be read, in words.
enum UnreadParts {
    /// The most parts named.
    private static let named = 5

    static func sentence(_ parts: [String]) -> String {
        let more = parts.count > named ? " and \(Format.count(parts.count - named)) more" : ""
        return parts.prefix(named).joined(separator: ", ") + more
    }
}
