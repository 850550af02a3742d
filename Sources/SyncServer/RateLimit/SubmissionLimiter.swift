package import HTTPTypes
package import Logging
import Metrics
package import Settings
package import SyncModel
import Telemetry

/// The integration guide's limit on submissions of users: 100 per 15 minutes by address or tenant. Removals are not counted: the
/// platform sends them one by one and does not repeat them.
package struct SubmissionLimiter: Sendable {
    private let limit: Int
    private let key: RateLimitKey
    private let counter: FixedWindowCounter
    private let clock: WallClock
    private let refused = Metric("usersync_rate_limited_total", "Submissions refused by the rate limit, by tenant.")

    package init(_ settings: Settings.RateLimit, clock: WallClock) {
        limit = settings.max
        key = settings.key
        counter = FixedWindowCounter(window: settings.window)
        self.clock = clock
    }

    /// A counted submission, which can be forgiven if it turns out not to be one.
    package struct Ticket: Sendable {
        fileprivate let key: String
        fileprivate let windowStart: Timestamp
        /// `RateLimit` and its relatives, for the answer.
        package let headers: HTTPFields
    }

    /// Counts a submission. A refusal is counted by tenant and logged: the first of a window as a notice, the others as debug
    /// lines.
    /// - Returns: `nil` if there is no limit.
    /// - Throws: 429.
    package func admit(address: String, tenantID: TenantID?, logger: Logger) throws(APIError) -> Ticket? {
        guard limit > 0 else { return nil }
        let key = self.key == .tenant ? "t:" + (tenantID?.text ?? address) : "a:" + address
        let reading = counter.count(key, limit: limit, now: clock.now())
        let headers = headers(reading)
        guard reading.used <= limit else {
            let tenant = tenantID?.text ?? "none"
            refused.counter(("tenant", tenant)).increment()
            logger.log(
                level: reading.isFirstRefusal ? .notice : .debug, "submission refused by the rate limit",
                metadata: ["tenant": .string(tenant), "retryAfter": .stringConvertible(reading.resetAfter)])
            var headers = headers
            headers[.retryAfter] = String(reading.resetAfter)
            throw APIError(
                .tooManyRequests, "Too many sync requests, please try again later",
                details: .text("\(limit) submissions are allowed in \(counter.window) seconds"), headers: headers,
                closesConnection: true)
        }
        return Ticket(key: key, windowStart: reading.windowStart, headers: headers)
    }

    /// Takes a submission back: it was an accessibility check, or the server could not take it.
    package func forgive(_ ticket: Ticket?) {
        if let ticket { counter.forgive(ticket.key, countedIn: ticket.windowStart) }
    }

    /// `RateLimit` and `RateLimit-Policy` as in draft-ietf-httpapi-ratelimit-headers, and express-rate-limit's legacy fields.
    private func headers(_ reading: FixedWindowCounter.Reading) -> HTTPFields {
        let remaining = max(0, limit - reading.used)
        return [
            .rateLimitPolicy: "\"sync\";q=\(limit);w=\(counter.window)",
            .rateLimit: "\"sync\";r=\(remaining);t=\(reading.resetAfter)",
            .legacyRateLimit: String(limit),
            .legacyRateLimitRemaining: String(remaining),
            .legacyRateLimitReset: String(clock.now().microseconds / 1_000_000 + Int64(reading.resetAfter)),
        ]
    }
}
