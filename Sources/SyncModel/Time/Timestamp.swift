/// A time in microseconds since 1970-01-01T00:00:00Z, parsed from and shown as ISO 8601 in UTC.
///
/// Microseconds, because `syncTime` decides what is stale and senders other than JavaScript write six digits.
package struct Timestamp: Sendable, Hashable, Comparable {
    /// Microseconds since the Unix epoch; negative before 1970.
    package let microseconds: Int64

    package init(microseconds: Int64) { self.microseconds = microseconds }

    /// - Parameter seconds: seconds since the Unix epoch; NaN counts as 0, a value out of range as the nearest one.
    package init(seconds: Double) { self.microseconds = Timestamp.microseconds(seconds) }

    /// Seconds since the Unix epoch.
    package var seconds: Double { Double(microseconds) / 1_000_000 }

    package static func < (a: Timestamp, b: Timestamp) -> Bool { a.microseconds < b.microseconds }

    /// The time `seconds` later (earlier if negative), within the range of the type.
    package func advanced(bySeconds seconds: Double) -> Timestamp {
        Timestamp(microseconds: microseconds.saturatingAdd(Timestamp.microseconds(seconds)))
    }

    /// Seconds from `earlier` to this time.
    package func seconds(since earlier: Timestamp) -> Double {
        Double(microseconds.saturatingSubtract(earlier.microseconds)) / 1_000_000
    }

    /// Whether no correct clock can have read this time by `now`: it is more than `tolerance` later. A request may not name such
    /// a time, and a stored one is not believed.
    package func isAhead(of now: Timestamp) -> Bool { seconds(since: now) > Self.tolerance }

    /// Seconds by which the clocks of a sender and of this machine may differ.
    package static let tolerance: Double = 300

    private static func microseconds(_ seconds: Double) -> Int64 {
        let exact = (seconds * 1_000_000).rounded()
        if exact.isNaN { return 0 }
        return Int64(exactly: exact) ?? (exact < 0 ? .min : .max)
    }
}
