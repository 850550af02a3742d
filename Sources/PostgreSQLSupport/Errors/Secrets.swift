/// What no message may hold.
struct Secrets: Sendable {
    private let words: [String]

    /// - Parameter words: empty ones hide nothing.
    init(_ words: [String]) { self.words = words.filter { !$0.isEmpty } }

    /// The message on one line, without them.
    func removed(from message: String) -> String {
        let line = message.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return words.reduce(line) { $0.split(separator: $1, omittingEmptySubsequences: false).joined(separator: "***") }
    }
}
