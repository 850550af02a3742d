/// What the rate limit counts by: `RATE_LIMIT_KEY`.
package enum RateLimitKey: String, Sendable, Hashable, CaseIterable {
    case ip, tenant
}

/// How log lines are written: `LOG_FORMAT`.
package enum LogFormat: String, Sendable, Hashable, CaseIterable {
    case json, text
}

/// The lowest level that is logged, from the most verbose to the tersest: `LOG_LEVEL`.
package enum LogLevel: String, Sendable, Hashable, CaseIterable {
    case trace, debug, info, notice, warning, error, critical

    /// The level's name, or `warn`, as other loggers call `warning`.
    init?(word: String) { self.init(rawValue: word == "warn" ? "warning" : word) }
}

/// The kind of environment the server runs in: `APP_ENV`, or `NODE_ENV` if that is unset.
package enum AppEnvironment: String, Sendable, Hashable, CaseIterable {
    case production, staging, test
    /// Turns on the integration guide's debug log (keys and personal data redacted).
    case development
}
