package import SyncModel

extension UserField {
    /// The fields that have a column, in the order of `UserField`.
    package static let stored = UserField.allCases.filter { $0 != .problem }

    /// The column of `users` that holds the field.
    package var column: String {
        switch self {
        case .id: "wrapper_user_id"
        case .kindeUserID: "kinde_user_id"
        case .email: "email"
        case .name: "name"
        case .avatar: "avatar"
        case .isActive: "is_active"
        case .isAdmin: "is_admin"
        case .department: "department"
        case .title: "title"
        case .lastActiveAt: "last_active_at"
        case .roles: "roles"
        case .permissions: "permissions"
        case .allowedApplications: "allowed_applications"
        case .subscriptionTier: "subscription_tier"
        case .problem: ""
        }
    }

    /// The type of the column that is added to the integration guide's table; `nil` if that table has the column itself.
    package var addedType: String? {
        switch self {
        case .id: "VARCHAR(255)"
        case .avatar: "VARCHAR(2048)"
        case .lastActiveAt: "TIMESTAMP"
        case .allowedApplications: "JSONB"
        case .subscriptionTier: "VARCHAR(50)"
        case .kindeUserID, .email, .name, .isActive, .isAdmin, .department, .title, .roles, .permissions, .problem: nil
        }
    }

    /// True if `null` sets the default of the integration guide's table instead of clearing the column.
    package var hasDefault: Bool {
        switch self {
        case .isActive, .isAdmin, .roles, .permissions: true
        default: false
        }
    }
}

/// A set of fields as a bit mask; it determines a statement's shape.
package struct FieldSet: OptionSet, Hashable {
    /// One bit per field, at the field's number: room for `UserRecord.fieldLimit` fields.
    package let rawValue: UInt32

    @inlinable package init(rawValue: UInt32) { self.rawValue = rawValue }
    @inlinable package init(_ field: UserField) { rawValue = 1 << UInt32(field.rawValue) }

    @inlinable package func contains(_ field: UserField) -> Bool { rawValue & (1 << UInt32(field.rawValue)) != 0 }
    @inlinable
    package mutating func insert(_ field: UserField) { self = FieldSet(rawValue: rawValue | 1 << UInt32(field.rawValue)) }

    /// Its fields, in the order of `UserField`.
    package var fields: [UserField] { UserField.stored.filter { contains($0) } }

    /// Calls `body` with each of its fields, without creating an array.
    @inlinable
    package func forEach(_ body: (UserField) -> Void) {
        for field in UserField.stored where contains(field) { body(field) }
    }
}
