/// The fields of a user the payload may carry, in the order in which a record stores them.
package enum UserField: Int, Sendable, CaseIterable {
    case id = 0
    case kindeUserID, email, name, avatar
    case isActive, isAdmin
    case department, title, lastActiveAt
    /// JSON text as sent, without white space between tokens.
    case roles, permissions, allowedApplications
    case subscriptionTier
    /// Not a field of the integration guide: the sentence of a user that broke a rule under `VALIDATION=per-user`.
    /// A record that has it is never applied; its result is `failed`, `invalid_user`.
    case problem

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
