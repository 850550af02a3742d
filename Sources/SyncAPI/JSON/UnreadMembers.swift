import FoundationEssentials
import Synchronization

/// What a reader of a document could not read and therefore took for absent.
final class UnreadMembers: Sendable {
    /// Where Foundation's decoder carries it.
    static let key = CodingUserInfoKey(rawValue: "usersync.unread")

    private let notes = Mutex<[String]>([])

    var all: [String] { notes.withLock { $0 } }

    /// - Parameter path: of the member. The error may be of a member within it, and Foundation's for a number out of range names none.
    func note(_ error: any Error, at path: [any CodingKey]) {
        let reason = (error as? DecodingError)?.unreadable ?? "\(DecodingError.path(path)) is not as expected"
        notes.withLock { $0.append(reason) }
    }
}

extension Decoder {
    var unread: UnreadMembers? { UnreadMembers.key.flatMap { userInfo[$0] as? UnreadMembers } }
}
