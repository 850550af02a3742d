/// How many users of a job have which outcome. The sum never exceeds the number of the job's users.
package struct JobCounts: Sendable, Hashable {
    package var created = 0
    package var updated = 0
    package var unchanged = 0
    package var stale = 0
    package var removed = 0
    package var failed = 0
    /// Users dropped by a cancel; they have no result.
    package var cancelled = 0

    package init() {}

    /// Users that count as successful: all outcomes except `failed`.
    package var successful: Int {
        created.saturatingAdd(updated).saturatingAdd(unchanged).saturatingAdd(stale).saturatingAdd(removed)
    }
    /// Users that are finished, whatever the outcome.
    package var settled: Int { applied.saturatingAdd(cancelled) }

    /// Users that the directory has answered for.
    package var applied: Int { successful.saturatingAdd(failed) }

    package subscript(outcome: UserOutcome) -> Int {
        get {
            switch outcome {
            case .created: created
            case .updated: updated
            case .unchanged: unchanged
            case .stale: stale
            case .removed: removed
            case .failed: failed
            }
        }
        set {
            switch outcome {
            case .created: created = newValue
            case .updated: updated = newValue
            case .unchanged: unchanged = newValue
            case .stale: stale = newValue
            case .removed: removed = newValue
            case .failed: failed = newValue
            }
        }
    }

    package static func + (a: JobCounts, b: JobCounts) -> JobCounts {
        var sum = a
        for outcome in UserOutcome.allCases { sum[outcome] = sum[outcome].saturatingAdd(b[outcome]) }
        sum.cancelled = sum.cancelled.saturatingAdd(b.cancelled)
        return sum
    }
}
