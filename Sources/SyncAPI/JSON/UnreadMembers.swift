import FoundationEssentials
import Synchronization

/// What a reader of a document could not read and therefore took for absent.
final class UnreadMembers: Sendable {
    /// Where Foundation's decoder carries it.
    static let key = CodingUserInfoKey(rawValue: "usersync.unread")

    private let notes = Mutex<[String]>([])

    var all: [String] { notes.withLock { $0 } }

    func note(_ error: any Error) {
        notes.withLock { $0.append((error as? DecodingError)?.unreadable ?? "\(error)") }
    }
}

extension Decoder {
    var unread: UnreadMembers? { UnreadMembers.key.flatMap { userInfo[$0] as? UnreadMembers } }
}
