/// Lines of a file that were left out, to be named.
struct SkippedLines {
    /// The most lines named one by one.
    private static let named = 5

    private var first: [Int] = []
    private var count = 0

    mutating func add(_ line: Int) {
        count += 1
        if first.count < SkippedLines.named { first.append(line) }
    }

    /// `line 3`, `lines 3, 7 and 12 more`; `nil` if there are none.
    var sentence: String? {
        if count == 0 { return nil }
        let more = count > first.count ? " and \(count - first.count) more" : ""
        return (count == 1 ? "line " : "lines ") + first.map(String.init).joined(separator: ", ") + more
    }
}
