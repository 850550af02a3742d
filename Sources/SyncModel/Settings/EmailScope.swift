/// `EMAIL_SCOPE`: within what an email belongs to one user.
package enum EmailScope: String, Sendable, Hashable, CaseIterable {
    /// One user in the whole directory: the guide's `UNIQUE`.
    case global
    /// One user a tenant: a person may belong to two companies.
    case tenant
}
