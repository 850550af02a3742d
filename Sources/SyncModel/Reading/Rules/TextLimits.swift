/// How long the texts of a request's head may be, in Unicode scalars, as JSON Schema's `maxLength` counts them; the OpenAPI document
/// states them, and the server checks by them.
package enum TextLimits {
    /// A tenant's id, a source, and any other text of a query.
    package static let name = 255
    /// `Idempotency-Key`, in visible ASCII characters.
    package static let idempotencyKey = 255
    /// `X-Request-ID`, in visible ASCII characters.
    package static let requestID = 128
    /// `webhook-id`.
    package static let deliveryID = 128
    /// The cursor of a list.
    package static let cursor = 1024
    /// Seconds that `Prefer: wait` waits at most.
    package static let wait = 25
}
