/// What a user that breaks a rule of the request format does to its request: `VALIDATION`.
package enum ValidationMode: String, Sendable, Hashable, CaseIterable {
    /// The whole request is refused.
    case reject
    /// The user gets a `failed` result; the others continue.
    case perUser = "per-user"
}
