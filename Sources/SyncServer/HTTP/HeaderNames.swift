package import HTTPTypes

// Each of these is a valid field name; the initialiser is failable for names that are not.
extension HTTPField.Name {
    package static let internalAPIKey = HTTPField.Name("X-Internal-API-Key")!
    package static let tenantID = HTTPField.Name("X-Tenant-ID")!
    package static let syncSource = HTTPField.Name("X-Sync-Source")!
    package static let idempotencyKey = HTTPField.Name("Idempotency-Key")!
    package static let idempotentReplayed = HTTPField.Name("Idempotent-Replayed")!
    package static let prefer = HTTPField.Name("Prefer")!
    package static let preferenceApplied = HTTPField.Name("Preference-Applied")!
    package static let traceparent = HTTPField.Name("traceparent")!
    package static let tracestate = HTTPField.Name("tracestate")!
    package static let requestID = HTTPField.Name("X-Request-ID")!
    package static let forwardedFor = HTTPField.Name("X-Forwarded-For")!
    package static let rateLimit = HTTPField.Name("RateLimit")!
    package static let rateLimitPolicy = HTTPField.Name("RateLimit-Policy")!
    package static let legacyRateLimit = HTTPField.Name("X-RateLimit-Limit")!
    package static let legacyRateLimitRemaining = HTTPField.Name("X-RateLimit-Remaining")!
    package static let legacyRateLimitReset = HTTPField.Name("X-RateLimit-Reset")!
}

extension HTTPFields {
    /// The value of a field that must not be repeated; `nil` if it is absent.
    /// - Throws: 400 if it is repeated.
    package func once(_ name: HTTPField.Name) throws(APIError) -> String? {
        let values = self[values: name]
        guard values.count <= 1 else { throw APIError.badRequest("Header \(name.rawName) is repeated") }
        return values.first
    }
}
