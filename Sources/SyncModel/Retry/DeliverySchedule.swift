/// When a webhook that was not acknowledged is sent again (Contract.md, "The completion webhook").
package enum DeliverySchedule {
    /// Seconds before each further attempt; after the last the delivery is dead.
    package static let delays: [Double] = [5, 30, 300, 1800, 7200, 18000, 36000, 86400]

    /// Seconds from the end of its job, or from its redelivery, in which a delivery must be taken; then it is dead, tried or not. More
    /// than all delays together.
    package static let lifetime: Double = 3 * 86_400

    /// Seconds to wait after the `attempt`-th failed attempt (from 1); `nil` if the delivery is dead.
    /// - Parameter random: a number in 0..<1; spreads the delay by ±20 %.
    package static func delay(afterAttempt attempt: Int, random: Double) -> Double? {
        guard attempt >= 1, attempt <= delays.count else { return nil }
        return delays[attempt - 1] * (0.8 + 0.4 * random)
    }
}
