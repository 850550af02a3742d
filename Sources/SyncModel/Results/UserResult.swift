/// One user's result as callers see it.
package struct UserResult: Sendable, Hashable {
    package var applied: AppliedUser
    /// The platform's id as sent; `nil` if none was sent.
    package var userID: String?
    /// The email as sent; `nil` for a removal.
    package var email: String?

    package init(applied: AppliedUser, userID: String?, email: String?) {
        self.applied = applied
        self.userID = userID
        self.email = email
    }
}
