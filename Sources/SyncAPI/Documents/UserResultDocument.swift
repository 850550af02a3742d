package import SyncModel

/// One user's result: an element of `results`, or a line of NDJSON.
package struct UserResultDocument: JSONDocument {
    package let result: UserResult
    package let operation: Operation

    /// - Parameter operation: of the user's job; it decides the message for a user that failed.
    package init(_ result: UserResult, operation: Operation) {
        self.result = result
        self.operation = operation
    }

    package func writeMembers(to json: inout JSONWriter) {
        let applied = result.applied
        json.member("index", Int(applied.index))
        json.member("userId", result.userID)
        json.member("email", result.email)
        json.member("status", applied.outcome.status)
        json.member("outcome", applied.outcome.word)
        json.member("crmUserId", applied.crmUserID == 0 ? nil : String(applied.crmUserID))
        if applied.isRelinked { json.member("relinked", true) }
        json.member("message", message)
        if applied.outcome == .failed {
            json.member("error", applied.detail ?? applied.code?.sentence ?? message)
            if let code = applied.code { json.member("code", code.word) }
        }
    }

    private var message: String {
        switch result.applied.outcome {
        case .created: result.applied.detail ?? "User created successfully"
        case .updated where result.applied.isRelinked:
            result.applied.detail ?? "User took over the row of another user with the same email; nothing of that user was kept"
        case .updated: result.applied.detail ?? "User updated successfully"
        case .unchanged: "User is up to date"
        case .stale: "Newer data had been applied before"
        case .removed: "User deactivated successfully"
        case .failed: operation == .userSync ? "User could not be synced" : "User could not be removed"
        }
    }
}
