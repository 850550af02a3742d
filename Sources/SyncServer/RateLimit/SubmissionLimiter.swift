package import HTTPTypes
package import Logging
import Metrics
package import Settings
package import SyncModel
import Telemetry

/// The integration guide's limit on submissions of users: 100 per 15 minutes by address or tenant. Removals are not counted: the
/// platform sends them one by one and does not repeat them. Nor are calls of version 2, for the same reason.
package struct SubmissionLimiter: Sendable {
    private let limit: Int
    /// Whether a caller is a tenant, not an address.
    var countsTenants: Bool { limit > 0 && key == .tenant }
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

    /// A submission's place in its window.
    package struct Ticket: Sendable {
        fileprivate let key: String
        fileprivate let tenantID: TenantID?
        fileprivate let reading: FixedWindowCounter.Reading
        /// Whether the submission is one too many, and is not counted.
        package let isRefused: Bool
        /// `RateLimit` and its relatives, for the answer.
        package let headers: HTTPFields
    }

    /// Whether a submission would be one too many now.
    package func isFull(address: String, tenantID: TenantID?) -> Bool {
        limit > 0 && counter.reading(key(address, tenantID), now: clock.now()).used >= limit
    }

    private func key(_ address: String, _ tenantID: TenantID?) -> String {
        key == .tenant ? "t:" + (tenantID?.text ?? address) : "a:" + address
    }

    /// Counts a submission, unless it is one too many.
    /// - Returns: `nil` if there is no limit.
    package func count(address: String, tenantID: TenantID?) -> Ticket? {
        guard limit > 0 else { return nil }
        let key = key(address, tenantID)
        let reading = counter.count(key, limit: limit, now: clock.now())
        return Ticket(key: key, tenantID: tenantID, reading: reading, isRefused: reading.used > limit, headers: headers(reading))
    }

    /// The 429 for a submission that is one too many. It is counted by tenant and logged: the first of a window as a notice, the
    /// others as debug lines.
    package func refusal(_ ticket: Ticket, logger: Logger) -> APIError {
        let tenant = ticket.tenantID?.text ?? "none"
        refused.counter(("tenant", tenant)).increment()
        logger.log(
            level: counter.noteRefusal(ticket.key, of: ticket.reading.windowStart) ? .notice : .debug,
            "submission refused by the rate limit",
            metadata: ["tenant": .string(tenant), "retryAfter": .stringConvertible(ticket.reading.resetAfter)])
        var headers = ticket.headers
        headers[.retryAfter] = String(ticket.reading.resetAfter)
        return APIError(
            .tooManyRequests, "Too many sync requests, please try again later",
            details: .text("\(limit) submissions are allowed in \(counter.window) seconds"), headers: headers,
            closesConnection: true)
    }

    /// Takes a submission back: it was an accessibility check or a call of version 2, or the server could not take it.
    package func forgive(_ ticket: Ticket?) {
        if let ticket, !ticket.isRefused { counter.forgive(ticket.key, countedIn: ticket.reading.windowStart) }
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
