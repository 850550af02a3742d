package import SyncModel

/// One user's result: an element of `results`, or a line of NDJSON.
package struct UserResultDocument: JSONDocument, PageElement {
    package static let listName: StaticString = "results"

    package var index = 0
    package var userID: String?
    package var email: String?
    /// The guide's word: created, updated or failed.
    package var status = ""
    /// `UserOutcome`'s word.
    package var outcome = ""
    package var crmUserID: String?
    /// `true` or absent.
    package var relinked: Bool?
    package var message = ""
    package var error: String?
    /// `FailureCode`'s word.
    package var code: String?

    package init() {}

    /// - Parameter operation: of the user's job; it decides the message for a user that failed.
    package init(_ result: UserResult, operation: Operation) {
        let applied = result.applied
        index = Int(applied.index)
        userID = result.userID
        email = result.email
        status = applied.outcome.status
        outcome = applied.outcome.word
        crmUserID = applied.crmUserID == 0 ? nil : String(applied.crmUserID)
        relinked = applied.isRelinked ? true : nil
        message = UserResultDocument.message(of: applied, operation)
        guard applied.outcome == .failed else { return }
        error = applied.detail ?? applied.code?.sentence ?? message
        code = applied.code?.word
    }

    private static func message(of applied: AppliedUser, _ operation: Operation) -> String {
        switch applied.outcome {
        case .created: applied.detail ?? "User created successfully"
        case .updated where applied.isRelinked:
            applied.detail ?? "User took over the row of another user with the same email; nothing of that user was kept"
        case .updated: applied.detail ?? "User updated successfully"
        case .unchanged: "User is up to date"
        case .stale: "Newer data had been applied before"
        case .removed: "User deactivated successfully"
        case .failed: operation == .userSync ? "User could not be synced" : "User could not be removed"
        }
    }

    package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
        try coder.member("index", &index)
        try coder.nullable("userId", &userID)
        try coder.nullable("email", &email)
        try coder.member("status", &status)
        try coder.member("outcome", &outcome)
        try coder.nullable("crmUserId", &crmUserID)
        try coder.optional("relinked", &relinked)
        try coder.member("message", &message)
        try coder.optional("error", &error)
        try coder.optional("code", &code)
    }
}

extension UserResultDocument {
    package static let pageName = "ResultList"

    package static var notes: DocumentNotes {
        DocumentNotes(
            "UserResult", "What became of one user.",
            [
                "index": "Position in the request, from 0.",
                "userId": "The platform's id, as sent.",
                "email": "As sent; null for a removal.",
                "status": .words(["created", "updated", "failed"], "The guide's word."),
                "outcome": .words(UserOutcome.allCases.map(\.word), "The precise word."),
                "crmUserId": "Id of the row in the CRM; null if there is none.",
                "relinked": """
                True if the email led to a row with another id (a re-created account, a recycled address): the row has this user's \
                id now, and nothing of what it held, rights included. Absent otherwise.
                """,
                "message": "For people: \"User created successfully\".",
                "error": "Why the user failed; present if status is failed.",
                "code": .words(FailureCode.allCases.map(\.word), "Why the user failed, for programs."),
            ],
            keywords: [
                "if": ["properties": ["status": Schema.constant("failed")]],
                "then": ["required": ["error"]],
            ])
    }
}
