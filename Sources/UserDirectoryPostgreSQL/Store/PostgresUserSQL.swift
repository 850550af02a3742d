import PostgreSQLSupport
import SyncModel
import UserDirectory

/// The SQL on `users`. Every statement that finds or writes a user names the tenant. Values are in the order of `PostgresUserRows`.
enum PostgresUserSQL {
    /// How a field is stored.
    enum Form {
        case text, flag, json, time
    }

    static func form(of field: UserField) -> Form {
        switch field {
        case .isActive, .isAdmin: .flag
        case .roles, .permissions, .allowedApplications: .json
        case .lastActiveAt: .time
        default: .text
        }
    }

    /// `id`, `sync_time`, then the fields in the order of `UserField.stored`.
    private static let columns =
        (["id", "sync_time"]
        + UserField.stored.map { field in
            switch form(of: field) {
            case .json: "\(field.column)::text"
            case .text, .flag, .time: field.column
            }
        }).map { "u.\($0)" }.joined(separator: ", ")

    /// The column of a field in a row that was read.
    static let places: [UserField: Int] = Dictionary(
        uniqueKeysWithValues: UserField.stored.enumerated().map { ($1, $0 + 2) })
    static let nextRowColumn = UserField.stored.count + 2

    private static func select(_ condition: String) -> String {
        "SELECT \(columns) FROM users u WHERE \(condition) FOR NO KEY UPDATE"
    }

    static let byPlatformID = select("u.tenant_id = $1 AND u.wrapper_user_id = $2")
    static let byEmail = select("u.tenant_id = $1 AND u.email = $2")
    static let byRow = select("u.tenant_id = $1 AND u.id = $2")
    static let byKindeID = """
        SELECT \(columns), (SELECT min(o.id) FROM users o WHERE o.tenant_id = $1 AND o.kinde_user_id = $2 AND o.id > u.id)
        FROM users u WHERE u.tenant_id = $1 AND u.kinde_user_id = $2 ORDER BY u.id LIMIT 1 FOR NO KEY UPDATE
        """

    static let removalByPlatformID =
        "SELECT id, sync_time FROM users WHERE tenant_id = $1 AND wrapper_user_id = $2 FOR NO KEY UPDATE"
    static let removalByKindeID = """
        SELECT id, sync_time FROM users WHERE tenant_id = $1 AND kinde_user_id = $2 ORDER BY id LIMIT 2 FOR NO KEY UPDATE
        """

    /// An email as it is compared: its ASCII letters in lower case. PostgreSQL's `lower` follows the column's collation otherwise.
    static let lowered = #"lower(email COLLATE "C")"#
    static let isMixed = "email <> \(lowered)"
    static let holders = """
        SELECT id, email, wrapper_user_id, kinde_user_id FROM users WHERE tenant_id = $1 AND email = $2
        ORDER BY id FOR NO KEY UPDATE
        """
    static let mixedHolders = """
        SELECT id, email, wrapper_user_id, kinde_user_id FROM users WHERE tenant_id = $1 AND \(isMixed) AND \(lowered) = $2
        ORDER BY id FOR NO KEY UPDATE
        """
    // Of another tenant's user, only its existence is read.
    static let elsewhere = "SELECT EXISTS (SELECT 1 FROM users WHERE email = $2 AND tenant_id <> $1)"
    static let mixedElsewhere = "SELECT EXISTS (SELECT 1 FROM users WHERE \(isMixed) AND \(lowered) = $2 AND tenant_id <> $1)"

    static let facts = """
        SELECT EXISTS (SELECT 1 FROM pg_trigger WHERE tgrelid = 'users'::regclass AND NOT tgisinternal),
          EXISTS (SELECT 1 FROM users WHERE \(isMixed))
        """

    /// Creates a user; omitted fields take the table's defaults. Parameters: tenant, sync time, now, the fields.
    static func insert(_ fields: FieldSet, ignoresConflict: Bool) -> String {
        let names =
            ["tenant_id", "synced_from", "sync_time", "last_synced_at", "created_at", "updated_at"]
            + fields.fields.map(\.column)
        let values = ["$1", "'wrapper'", "$2", "$3", "$3", "$3"] + fields.fields.indices.map { "$\($0 + 4)" }
        return """
            INSERT INTO users (\(names.joined(separator: ", "))) VALUES (\(values.joined(separator: ", ")))\
            \(ignoresConflict ? " ON CONFLICT DO NOTHING" : "") RETURNING id
            """
    }

    /// Writes the fields that differ. Parameters: tenant, sync time, now, row, the fields.
    static func update(_ fields: FieldSet) -> String {
        var columns =
            fields.fields.enumerated().map { "\($1.column) = $\($0 + 5)" } + ["sync_time = $2", "last_synced_at = $3"]
        if !fields.isEmpty { columns.append("updated_at = $3") }
        return "UPDATE users SET \(columns.joined(separator: ", ")) WHERE tenant_id = $1 AND id = $4"
    }

    /// Gives a row to another person. Parameters as those of `update`.
    /// - Parameter kept: fields whose value stays the same.
    static func takeOver(_ fields: FieldSet, kept: FieldSet) -> String {
        let places = Dictionary(uniqueKeysWithValues: fields.fields.enumerated().map { ($1, $0 + 5) })
        let columns = UserField.stored.filter { !kept.contains($0) }.map { field in
            "\(field.column) = \(places[field].map { "$\($0)" } ?? "DEFAULT")"
        }
        let ours = ["synced_from = 'wrapper'", "sync_time = $2", "last_synced_at = $3", "updated_at = $3"]
        return "UPDATE users SET \((columns + ours).joined(separator: ", ")) WHERE tenant_id = $1 AND id = $4"
    }

    static let deactivate = """
        UPDATE users SET is_active = false, sync_time = $2, last_synced_at = $3,
          updated_at = CASE WHEN is_active IS FALSE THEN updated_at ELSE $3 END
        WHERE tenant_id = $1 AND id = $4
        """
    static let move = "UPDATE users SET email = $3, updated_at = $2 WHERE tenant_id = $1 AND id = $4"
}
