/// The fields of a user that the payload may carry, in the order of the integration guide.
///
/// The raw value names the field in stored records (`UserRecord`), so it never changes: a new field may be put anywhere in this
/// list and takes the next free number, below `UserRecord.fieldLimit`; the number of a removed field is never reused.
package enum UserField: Int, Sendable, CaseIterable {
    case id = 0
    case kindeUserID = 1
    case email = 2
    case name = 3
    case avatar = 4
    case isActive = 5
    case isAdmin = 6
    case department = 7
    case title = 8
    case lastActiveAt = 9
    /// JSON text as sent, without white space between tokens.
    case roles = 10
    case permissions = 11
    case allowedApplications = 12
    case subscriptionTier = 13
    /// Not a field of the integration guide: the sentence about a user that broke a rule under `VALIDATION=per-user`. A record
    /// that has it is never applied; its result is `failed`, `invalid_user`.
    case problem = 14

    /// The name in the integration guide's JSON.
    package var jsonName: String {
        switch self {
        case .id: "id"
        case .kindeUserID: "kindeUserId"
        case .email: "email"
        case .name: "name"
        case .avatar: "avatar"
        case .isActive: "isActive"
        case .isAdmin: "isAdmin"
        case .department: "department"
        case .title: "title"
        case .lastActiveAt: "lastActiveAt"
        case .roles: "roles"
        case .permissions: "permissions"
        case .allowedApplications: "allowedApplications"
        case .subscriptionTier: "subscriptionTier"
        case .problem: ""
        }
    }

    /// The range of the fields' numbers.
    package static let numbers = 0..<(allCases.map(\.rawValue).max() ?? -1) + 1

    /// True for the two fields that store no text, only a state.
    package var isBoolean: Bool { self == .isActive || self == .isAdmin }
}

/// Whether a field was in the request, and how.
package enum FieldState: UInt32, Sendable {
    case absent = 0
    case null = 1
    /// A text; for a boolean field: `false`.
    case value = 2
    /// For a boolean field only: `true`.
    case yes = 3
}
