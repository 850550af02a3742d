/// What making the users of one tenant those of another does, or would do.
package struct UserMerge: Sendable, Hashable {
    /// Users that become the target's: it has no row of the same person.
    package var moved = 0
    /// Persons that both tenants have. The target's row stays; the other one stays where it is, inactive.
    package var joined = 0
    /// Of `joined`: `is_admin`, `roles` or `permissions` of the two rows differ. The target's are kept.
    package var withOtherRights = 0
    /// Of `joined`: the target's row was active and becomes inactive, as the other row, which has newer news, was.
    package var deactivated = 0
    /// Of `joined`: the target's row was inactive and becomes active, for the same reason.
    package var reactivated = 0
    /// Active rows that become inactive because of a removal that came to one of the two tenants before it had a row of the person,
    /// and is newer than the row's news.
    package var removed = 0
    /// Rows of the tenant that cannot be merged. If there are any, nothing is changed.
    package var conflicts = 0
    /// The first of them, by the CRM's ids.
    package var firstConflicts: [Conflict] = []

    /// The most conflicts that are listed.
    package static let listed = 20

    package init() {}

    /// A row that cannot be merged.
    package struct Conflict: Sendable, Hashable {
        package var reason: Reason
        /// The row.
        package var user: Row
        /// The target's row in its way; the first, where there are several, and `nil` where it is not known.
        package var other: Row?

        package init(_ reason: Reason, user: Row, other: Row?) {
            (self.reason, self.user, self.other) = (reason, user, other)
        }
    }

    /// A row by its ids alone: neither email nor name.
    package struct Row: Sendable, Hashable {
        package var crmUserID: Int64
        package var platformID: String?
        package var kindeID: String?

        package init(crmUserID: Int64, platformID: String? = nil, kindeID: String? = nil) {
            (self.crmUserID, self.platformID, self.kindeID) = (crmUserID, platformID, kindeID)
        }
    }

    package enum Reason: String, Sendable, Hashable, CaseIterable {
        /// Several rows of the target are the same person's.
        case severalOfTarget = "several_of_target"
        /// Several rows of the tenant are the same person's as one of the target's.
        case severalOfTenant = "several_of_tenant"
        /// The two rows are one person's by one id or the email, and have different ids of the same kind.
        case otherID = "other_id"
        /// The database takes the change of the row for a mistake: a constraint, or a trigger of the CRM's.
        case refusedByDatabase = "refused_by_database"
    }
}
