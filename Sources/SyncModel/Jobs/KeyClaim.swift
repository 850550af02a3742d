/// The right of one request to record its job under an `Idempotency-Key`, while it arrives.
package struct KeyClaim: Sendable, Hashable {
    /// Scope of the key: tenant and path.
    package let tenantID: TenantID
    package let path: String
    package let key: String
    /// Tells it from every other claim of the key, in whatever process.
    package let token: Int64

    package init(tenantID: TenantID, path: String, key: String, token: Int64) {
        self.tenantID = tenantID
        self.path = path
        self.key = key
        self.token = token
    }

    /// How many seconds after it was made or last renewed a claim ends, where processes share a store: longer than a request may
    /// stand still, which is a minute. Elsewhere it ends with its process.
    package static let lifetime = 300.0
}
