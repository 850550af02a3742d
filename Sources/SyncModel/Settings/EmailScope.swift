/// How far an email is unique: `EMAIL_SCOPE`.
package enum EmailScope: String, Sendable, Hashable, CaseIterable {
    /// In the whole directory, as the integration guide's `UNIQUE` has it.
    case global
    /// Within a tenant.
    case tenant
}
