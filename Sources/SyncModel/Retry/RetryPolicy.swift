/// How often and when a batch that met a transient error is retried (Durability.md, "Retry").
package struct RetryPolicy: Sendable, Hashable {
    /// Attempts in total before its users are `failed`, `retries_exhausted`.
    package var maxAttempts: Int
    /// Seconds.
    package var base: Double
    /// Seconds.
    package var cap: Double

    package static let batches = RetryPolicy(maxAttempts: 10, base: 1, cap: 300)

    package init(maxAttempts: Int, base: Double, cap: Double) {
        self.maxAttempts = maxAttempts
        self.base = base
        self.cap = cap
    }

    /// Seconds to wait after the `attempt`-th failed attempt (from 1); `nil` if that was the last.
    /// Exponential with full jitter: uniform between 0 and `min(cap, base * 2^(attempt-1))`.
    /// - Parameter random: a number in 0..<1.
    package func delay(afterAttempt attempt: Int, random: Double) -> Double? {
        guard attempt < maxAttempts else { return nil }
        return min(cap, base * Double(1 << (min(max(attempt, 1), 31) - 1))) * random
    }
}
