/// A figure in a row: how many there are of something.
enum Figure {
    /// Larger than any; sums of many of these do not overflow.
    static let largest = 1 << 47

    /// SQL for the figure in a column, from 0 to the largest, also where something else has written what is none: SQLite stores no
    /// integer that is larger than 64 bits, so calculating with that would fail the statement.
    static func plausible(_ column: String) -> String {
        "max(0, min(iif(typeof(\(column)) = 'integer', \(column), 0), \(largest)))"
    }
}
