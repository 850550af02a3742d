package import HTTPTypes
package import SyncModel

/// The guide's limit on submissions: 100 in 15 minutes by address or tenant (CONTRACT §1 "Rate limit").
package struct SubmissionLimiter: Sendable {
    private let limit: Int
    private let key: RateLimitKey
    private let counter: FixedWindowCounter
    private let clock: WallClock

    package init(_ settings: Settings.RateLimit, clock: WallClock) {
        limit = settings.max
        key = settings.key
        counter = FixedWindowCounter(window: settings.window)
        self.clock = clock
    }

    /// A submission that was counted, to be forgiven if it turns out not to be one.
    package struct Ticket: Sendable {
        fileprivate let key: String
        /// `RateLimit` and its relatives, for the answer.
        package let headers: HTTPFields
    }

    /// Counts a submission.
    /// - Returns: `nil` where there is no limit.
    /// - Throws: 429.
    package func admit(address: String, tenantID: TenantID?) throws(APIError) -> Ticket? {
        guard limit > 0 else { return nil }
        let key = self.key == .tenant ? "t:" + (tenantID?.text ?? address) : "a:" + address
        let reading = counter.count(key, limit: limit, now: clock.now())
        let headers = headers(reading)
        guard reading.used <= limit else {
            var headers = headers
            headers[.retryAfter] = String(reading.resetAfter)
            throw APIError(
                .tooManyRequests, "Too many sync requests, please try again later",
                details: .text("\(limit) submissions are allowed in \(counter.window) seconds"), headers: headers,
                closesConnection: true)
        }
        return Ticket(key: key, headers: headers)
    }

    /// The submission was none: an accessibility check or a replay.
    package func forgive(_ ticket: Ticket?) {
        if let ticket { counter.forgive(ticket.key, now: clock.now()) }
    }

    /// `RateLimit` and `RateLimit-Policy` as draft-ietf-httpapi-ratelimit-headers has them, and the legacy fields of express-rate-limit.
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
