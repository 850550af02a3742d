/// The result of `UserDirectory.apply` for one user of a batch. The user's identity is in the batch's payload.
package struct AppliedUser: Sendable, Hashable {
    /// The user's position in the request, from 0.
    package var index: UInt32
    package var outcome: UserOutcome
    /// Set if `outcome` is `failed`.
    package var code: FailureCode?
    /// `users.id` of the row; 0 if there is none.
    package var crmUserID: Int64
    /// A more specific sentence than the code's (or, for a created user, the outcome's), without personal data; usually `nil`.
    package var detail: String?
    /// The row was another person's: found by email, it took the user's id and kept nothing of what it held.
    package var isRelinked = false

    package init(
        index: UInt32, outcome: UserOutcome, code: FailureCode? = nil, crmUserID: Int64 = 0, detail: String? = nil,
        isRelinked: Bool = false
    ) {
        self.index = index
        self.outcome = outcome
        self.code = code
        self.crmUserID = crmUserID
        self.detail = detail
        self.isRelinked = isRelinked
    }
}
