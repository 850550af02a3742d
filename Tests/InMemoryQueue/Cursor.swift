import JobQueue

/// The place at which a page ended: the list's letter and numbers, in base 36.
enum Cursor {
    static func text(_ list: String, _ numbers: Int64...) -> String { text(list, numbers) }

    static func numbers(_ text: String, _ list: String, count: Int) throws -> [Int64] {
        guard text.hasPrefix(list) else { throw QueueError.badCursor }
        let numbers = text.dropFirst(list.count).split(separator: ".", omittingEmptySubsequences: false)
            .compactMap { Int64($0, radix: 36) }
        guard numbers.count == count, self.text(list, numbers) == text else { throw QueueError.badCursor }
        return numbers
    }

    private static func text(_ list: String, _ numbers: [Int64]) -> String {
        list + numbers.map { String($0, radix: 36) }.joined(separator: ".")
    }
}
