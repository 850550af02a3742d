/// Results of users that the queue could not keep. Their job says how many in a warning.
package enum LostResults {
    private static let (head, tail) = ("The queue could not keep the results of ", " users")

    package static func warning(_ users: Int) -> String { "\(head)\(users)\(tail)" }

    /// How many a job's warnings speak of. The warnings of its end are one text.
    package static func count(in warnings: [String]) -> Int {
        warnings.flatMap { $0.split(separator: "; ") }.compactMap { count(String($0)) }.reduce(0) { $0.saturatingAdd($1) }
    }

    /// The warnings of a job that has lost so many more.
    package static func adding(_ users: Int, to warnings: [String]) -> [String] {
        warnings.filter { count($0) == nil } + [warning(count(in: warnings).saturatingAdd(users))]
    }

    private static func count(_ warning: String) -> Int? {
        guard warning.hasPrefix(head), warning.hasSuffix(tail) else { return nil }
        return Int(warning.dropFirst(head.count).dropLast(tail.count))
    }
}
