package import SyncModel

/// Two tenants that are made one.
package struct MergeDocument: JSONDocument, PageElement {
    package static let listName: StaticString = "merges"

    package var id = 0
    package var alias = ""
    package var tenantID = ""
    package var state = ""
    package var since: Timestamp?
    package var endedAt: Timestamp?
    package var openJobs = 0
    package var heldJobs = 0
    package var moved = 0
    package var joined = 0
    package var error: String?

    package init() {}

    package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
        try coder.required("id", &id)
        try coder.required("alias", &alias)
        try coder.required("tenantId", &tenantID)
        try coder.required("state", &state)
        try coder.nullable("since", &since)
        try coder.nullable("endedAt", &endedAt)
        try coder.member("openJobs", &openJobs)
        try coder.member("heldJobs", &heldJobs)
        try coder.member("moved", &moved)
        try coder.member("joined", &joined)
        try coder.nullable("error", &error)
    }
}

extension MergeDocument {
    package static let pageName = "MergeList"

    package static var notes: DocumentNotes {
        DocumentNotes(
            "Merge", "Two tenants that are made one.",
            [
                "id": .keywords(["minimum": 1]),
                "alias": "The tenant that becomes an alias.",
                "tenantId": "The tenant that it becomes an alias of.",
                "state": .words(
                    ["draining", "moving", "settling", "merged", "refused", "cancelled"],
                    """
                    draining: jobs of both that were accepted before have to end; moving: the users are being moved; settling: they are, the \
                    name is an alias, and ended jobs are being given to the tenant. refused and cancelled: nothing was changed.
                    """),
                "since": .always(),
                "openJobs": "Jobs of both that have to end first.",
                "heldJobs": "Jobs of both that were accepted since and wait for the merge.",
                "moved": "Users that became the tenant's.",
                "joined": "Users that both had.",
                "error": "Why it was refused.",
            ])
    }
}

/// The answer to beginning or cancelling a merge.
package struct MergeAnswerDocument: JSONDocument {
    package var success = true
    package var message = ""
    /// `nil` if the names were one tenant's already.
    package var merge: MergeDocument?

    package init() {}

    package init(message: String, merge: MergeDocument?) {
        self.message = message
        self.merge = merge
    }

    package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
        try coder.member("success", &success)
        try coder.required("message", &message)
        try coder.nullable("merge", &merge)
    }
}

extension MergeAnswerDocument {
    package static var notes: DocumentNotes {
        DocumentNotes(
            "MergeAnswer", "",
            ["success": .constant(true), "merge": "null if the names were one tenant's already."])
    }
}
