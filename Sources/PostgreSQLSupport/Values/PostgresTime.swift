/// Timestamps here are microseconds since 1970, as PostgreSQL counts them since 2000. `Int64.max` is `infinity` and `Int64.min` is
/// `-infinity`. What PostgreSQL cannot hold (beyond the years -4713 and 294276) it refuses (22008).
package enum PostgresTime {
    package static let infinity = Int64.max
    package static let minusInfinity = Int64.min

    /// Between 1970 and 2000.
    private static let shift: Int64 = 946_684_800_000_000

    /// As the server counts. Beyond the server's range, whatever the number, something that is beyond it as well.
    static func wire(_ microseconds: Int64) -> Int64 {
        if microseconds == infinity || microseconds == minusInfinity { return microseconds }
        let (difference, overflow) = microseconds.subtractingReportingOverflow(shift)
        return overflow ? minusInfinity + 1 : max(difference, minusInfinity + 1)
    }

    static func microseconds(_ wire: Int64) -> Int64 {
        if wire == infinity || wire == minusInfinity { return wire }
        let (sum, overflow) = wire.addingReportingOverflow(shift)
        return overflow ? infinity - 1 : sum
    }
}
