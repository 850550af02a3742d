package import SyncModel

/// What a merge would do to the users now.
package struct MergePreviewDocument: JSONDocument {
    package var success = true
    package var alias = ""
    package var tenantID = ""
    package var moved = 0
    package var joined = 0
    package var withOtherRights = 0
    package var deactivated = 0
    package var reactivated = 0
    package var removed = 0
    package var conflicts = 0
    package var firstConflicts: [MergeConflictDocument] = []

    package init() {}

    package init(alias: TenantID, tenantID: TenantID, users: UserMerge) {
        (self.alias, self.tenantID) = (alias.text, tenantID.text)
        (moved, joined, withOtherRights) = (users.moved, users.joined, users.withOtherRights)
        (deactivated, reactivated, removed) = (users.deactivated, users.reactivated, users.removed)
        conflicts = users.conflicts
        firstConflicts = users.firstConflicts.map { MergeConflictDocument($0) }
    }

    package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
        try coder.member("success", &success)
        try coder.required("alias", &alias)
        try coder.required("tenantId", &tenantID)
        try coder.required("moved", &moved)
        try coder.required("joined", &joined)
        try coder.member("withOtherRights", &withOtherRights)
        try coder.member("deactivated", &deactivated)
        try coder.member("reactivated", &reactivated)
        try coder.member("removed", &removed)
        try coder.required("conflicts", &conflicts)
        try coder.member("firstConflicts", &firstConflicts)
    }
}

extension MergePreviewDocument {
    package static var notes: DocumentNotes {
        DocumentNotes(
            "MergePreview", "What a merge would do to the users now.",
            [
                "success": .constant(true),
                "alias": "The tenant that becomes an alias.",
                "tenantId": "The tenant that it becomes an alias of.",
                "moved": "Users that become the tenant's.",
                "joined": "Users that both have. The tenant's row stays; the other one is switched off.",
                "withOtherRights": "Of `joined`: the two rows differ in is_admin, roles or permissions. The tenant's are kept.",
                "deactivated": "Of `joined`: active in the tenant; they become inactive, as the other row, with newer news, is.",
                "reactivated": "Of `joined`: inactive in the tenant; they become active, for the same reason.",
                "removed": "Active users whom a removal meant that came under one of the names before there was a row.",
                "conflicts": "Users that cannot be merged. If there are any, nothing is changed.",
                "firstConflicts": .keywords(["maxItems": .integer(UserMerge.listed)], "The first of them."),
            ])
    }
}

/// A user that cannot be merged.
package struct MergeConflictDocument: JSONDocument {
    package var reason = ""
    package var user = MergeRowDocument()
    package var other: MergeRowDocument?

    package init() {}

    init(_ conflict: UserMerge.Conflict) {
        reason = conflict.reason.rawValue
        user = MergeRowDocument(conflict.user)
        other = conflict.other.map { MergeRowDocument($0) }
    }

    package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
        try coder.required("reason", &reason)
        try coder.required("user", &user)
        try coder.nullable("other", &other)
    }
}

extension MergeConflictDocument {
    package static var notes: DocumentNotes {
        DocumentNotes(
            "MergeConflict", "A user that cannot be merged.",
            [
                "reason": .words(
                    UserMerge.Reason.allCases.map(\.rawValue),
                    """
                    several_of_target: several rows of the tenant are this user; several_of_tenant: several rows of the name are one user of \
                    the tenant; other_id: the same email or id, and another id of the same kind; refused_by_database: a constraint or a \
                    trigger of the CRM's.
                    """),
                "other": "The tenant's row in its way; null where it is not known.",
            ])
    }
}

/// A row of `users`, by its ids.
package struct MergeRowDocument: JSONDocument {
    package var crmUserID = 0
    package var id: String?
    package var kindeUserID: String?

    package init() {}

    init(_ row: UserMerge.Row) {
        crmUserID = Int(row.crmUserID)
        (id, kindeUserID) = (row.platformID, row.kindeID)
    }

    package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
        try coder.required("crmUserId", &crmUserID)
        try coder.nullable("id", &id)
        try coder.nullable("kindeUserId", &kindeUserID)
    }
}

extension MergeRowDocument {
    package static var notes: DocumentNotes {
        DocumentNotes(
            "MergeRow", "A row of users, by its ids.",
            ["crmUserId": "users.id of the CRM.", "id": "The platform's id (wrapper_user_id)."])
    }
}
