package import SyncModel

/// A name that stands for a tenant.
package struct TenantAliasDocument: JSONDocument, PageElement {
    package static let listName: StaticString = "aliases"

    package var alias = ""
    package var tenantID = ""
    /// `learnt` or `set`.
    package var origin = ""
    package var since: Timestamp?

    package init() {}

    package init(alias: String, tenantID: String, origin: String, since: Timestamp) {
        (self.alias, self.tenantID, self.origin, self.since) = (alias, tenantID, origin, since)
    }

    package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
        try coder.required("alias", &alias)
        try coder.required("tenantId", &tenantID)
        try coder.member("origin", &origin)
        try coder.nullable("since", &since)
    }
}

/// The answer to setting or forgetting one.
package struct AliasAnswerDocument: JSONDocument {
    package var success = true
    package var message = ""
    package var alias = TenantAliasDocument()

    package init() {}

    package init(message: String, alias: TenantAliasDocument) {
        self.message = message
        self.alias = alias
    }

    package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
        try coder.member("success", &success)
        try coder.member("message", &message)
        try coder.required("alias", &alias)
    }
}

extension TenantAliasDocument {
    package static let pageName = "AliasList"

    package static var notes: DocumentNotes {
        DocumentNotes(
            "TenantAlias", "A name that stands for a tenant.",
            [
                "tenantId": "The tenant's own id. That of the alias itself: it is kept a tenant of its own.",
                "origin": .words(["learnt", "set"]),
                "since": .always(),
            ])
    }
}

extension AliasAnswerDocument {
    package static var notes: DocumentNotes {
        DocumentNotes(
            "AliasAnswer", "",
            [
                "success": .constant(true),
                "message": "What came of it; for a tenant of which no job and no user is known, it says so.",
            ])
    }
}
