/// Where an email must be unique: `EMAIL_SCOPE`.
package enum EmailScope: String, Sendable, Hashable, CaseIterable {
    /// In the whole directory, as `UNIQUE` in the integration guide says.
    case global
    /// Within a tenant.
    case tenant
}
