/// What a user that breaks a rule does to its request; the setting `VALIDATION`.
package enum ValidationMode: String, Sendable, Hashable, CaseIterable {
    /// The whole request is refused.
    case reject
    /// The user becomes a record with `UserField.problem`, whose result is `failed`; the rest goes on.
    case perUser = "per-user"
}
