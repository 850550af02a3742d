/// Why a user failed: a stable code beside the sentence for people.
package enum FailureCode: UInt8, Sendable, Hashable, CaseIterable {
    /// The wrapper id matches one row, the email another.
    case identityConflict = 1
    /// With `EMAIL_SCOPE=global`: the email belongs to another tenant's user.
    case emailInOtherTenant = 2
    /// A removal of a user that the directory does not have.
    case userNotFound = 3
    /// With `VALIDATION=per-user`: the user breaks a rule of the request format.
    case invalidUser = 4
    /// The database refused the row (a constraint or trigger of the CRM).
    case refusedByDatabase = 5
    /// The batch met a transient error ten times.
    case retriesExhausted = 6
    /// The email leads to another person's row, which has newer data than what was sent.
    case addressNewer = 7

    /// The word in `code` of a result.
    package var word: String {
        switch self {
        case .identityConflict: "identity_conflict"
        case .emailInOtherTenant: "email_in_other_tenant"
        case .userNotFound: "user_not_found"
        case .invalidUser: "invalid_user"
        case .refusedByDatabase: "refused_by_database"
        case .retriesExhausted: "retries_exhausted"
        case .addressNewer: "address_newer"
        }
    }

    /// The sentence in `error` of a result if nothing more specific is known.
    package var sentence: String {
        switch self {
        case .identityConflict: "The user id belongs to one CRM user and the email to another"
        case .emailInOtherTenant: "The email belongs to a user of another tenant"
        case .userNotFound: "User not found"
        case .invalidUser: "The user breaks a rule of the request format"
        case .refusedByDatabase: "The CRM's database refused the user"
        case .retriesExhausted: "The CRM's database failed every try"
        case .addressNewer: "The email belongs to another user of whom newer data had been applied"
        }
    }
}
