/// The position at which a page ended: numbers, joined. Opaque to callers; a cursor of another list is refused.
package struct PageCursor {
    /// The list it belongs to.
    package enum Kind: String {
        case jobs = "j"
        case deliveries = "d"
        case results = "r"
        case aliases = "a"
        case merges = "m"
    }

    package static func text(_ kind: Kind, _ numbers: Int64...) -> String { text(kind, numbers) }

    /// - Throws: `QueueError.badCursor`.
    package static func numbers(_ text: String, _ kind: Kind, count: Int) throws -> [Int64] {
        guard text.utf8.count <= 64, text.hasPrefix(kind.rawValue) else { throw QueueError.badCursor }
        let numbers = text.dropFirst(kind.rawValue.count).split(separator: ".", omittingEmptySubsequences: false)
            .compactMap { Int64($0, radix: 36) }
        guard numbers.count == count, self.text(kind, numbers) == text else { throw QueueError.badCursor }
        return numbers
    }

    /// The index of the user at which the next page of a job's results begins. As wide as the indices of stored results: whatever
    /// a caller sends, it is safe to calculate with.
    /// - Throws: `QueueError.badCursor`.
    package static func userIndex(_ text: String) throws -> UInt32 {
        guard let index = try UInt32(exactly: numbers(text, .results, count: 1)[0]) else { throw QueueError.badCursor }
        return index
    }

    private static func text(_ kind: Kind, _ numbers: [Int64]) -> String {
        kind.rawValue + numbers.map { String($0, radix: 36) }.joined(separator: ".")
    }
}
