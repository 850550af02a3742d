import SyncModel
import UserDirectory

/// The SQL of the hot loop. Every statement that finds or writes a user names the tenant. Parameters have the same number
/// everywhere: a field's position in `UserField` plus one, then those below.
enum UserSQL {
    /// The tenant of the batch.
    static let tenant: Int32 = 21
    /// The job's sync time as stored.
    static let syncTime: Int32 = 22
    /// The time the batch is applied.
    static let now: Int32 = 23
    /// A row's id.
    static let row: Int32 = 24

    static func parameter(_ field: UserField) -> Int32 { Int32(field.rawValue + 1) }

    /// The columns read for a user: `id`, the fields in order, `sync_time`.
    private static let columns = "id, \(UserField.stored.map(\.column).joined(separator: ", ")), sync_time"
    static func column(_ field: UserField) -> Int32 { Int32(field.rawValue + 1) }
    static let syncTimeColumn = Int32(UserField.stored.count + 1)

    static let byWrapperID = "SELECT \(columns) FROM users WHERE tenant_id = ?21 AND wrapper_user_id = ?1"
    static let byEmail = "SELECT \(columns) FROM users WHERE email = ?3 AND tenant_id = ?21"
    static let byRow = "SELECT \(columns) FROM users WHERE id = ?24 AND tenant_id = ?21"

    // The mixed-case rows of an older table; emails are stored in lower case otherwise.
    static let mixedCaseExists = "SELECT 1 FROM users INDEXED BY idx_users_email_lower WHERE email <> lower(email) LIMIT 1"
    static let byMixedCaseEmail = """
        SELECT id, email, wrapper_user_id FROM users INDEXED BY idx_users_email_lower
        WHERE email <> lower(email) AND lower(email) = ?3 AND tenant_id = ?21 ORDER BY id
        """

    // Of another tenant's user, only its existence is read.
    static let emailElsewhere = "SELECT 1 FROM users WHERE email = ?3 AND tenant_id <> ?21 LIMIT 1"
    static let mixedCaseEmailElsewhere = """
        SELECT 1 FROM users INDEXED BY idx_users_email_lower
        WHERE email <> lower(email) AND lower(email) = ?3 AND tenant_id <> ?21 LIMIT 1
        """

    static let removalByWrapperID =
        "SELECT id, sync_time FROM users WHERE tenant_id = ?21 AND wrapper_user_id = ?1"
    /// The unary plus keeps SQLite from scanning all of the tenant's rows.
    static let removalByKindeID = """
        SELECT id, sync_time FROM users INDEXED BY idx_users_kinde_user_id WHERE kinde_user_id = ?1 AND +tenant_id = ?21 LIMIT 2
        """
    static let deactivate = """
        UPDATE users SET is_active = 0, sync_time = ?22, last_synced_at = ?23,
        updated_at = CASE WHEN is_active IS 0 THEN updated_at ELSE ?23 END WHERE id = ?24 AND tenant_id = ?21
        """
    static let moveEmail = "UPDATE users SET email = ?3, updated_at = ?23 WHERE id = ?24 AND tenant_id = ?21"

    static let anyUser = "SELECT \(columns) FROM users LIMIT 1"
    static let triggers = "SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND lower(tbl_name) = 'users' LIMIT 1"

    /// Creates a user unless a unique index already contains it. Omitted fields take the table's defaults.
    static func insert(_ fields: FieldSet, onConflictDoNothing: Bool) -> String {
        let names =
            fields.fields.map(\.column) + ["tenant_id", "synced_from", "sync_time", "last_synced_at", "created_at", "updated_at"]
        let values = fields.fields.map { "?\(parameter($0))" } + ["?21", "'wrapper'", "?22", "?23", "?23", "?23"]
        return """
            INSERT INTO users (\(names.joined(separator: ", "))) VALUES (\(values.joined(separator: ", ")))\
            \(onConflictDoNothing ? " ON CONFLICT DO NOTHING" : "")
            """
    }

    /// Gives a row to another person: every column gets the value that creation would write, except `id`, `created_at` and
    /// columns that are not usersync's.
    /// - Parameters:
    ///   - fields: those that creation would name; the others get the table's own default from `defaults`.
    ///   - kept: those whose value stays the same; naming them would rewrite their index entries.
    static func takeOver(_ fields: FieldSet, kept: FieldSet, defaults: [String: String]) -> String {
        let columns = UserField.stored.filter { field in
            !kept.contains(field) || !fields.contains(field) && defaults[field.column] != nil
        }.map { field in
            fields.contains(field)
                ? "\(field.column) = ?\(parameter(field))" : "\(field.column) = (\(defaults[field.column] ?? "NULL"))"
        }
        let ours = ["synced_from = 'wrapper'", "sync_time = ?22", "last_synced_at = ?23", "updated_at = ?23"]
        return "UPDATE users SET \((columns + ours).joined(separator: ", ")) WHERE id = ?24 AND tenant_id = ?21"
    }
    static let defaults = "SELECT lower(name), dflt_value FROM pragma_table_info('users') WHERE dflt_value IS NOT NULL"

    /// Writes the fields that differ; if there are none, the user was seen unchanged.
    static func update(_ fields: FieldSet) -> String {
        var columns = fields.fields.map { "\($0.column) = ?\(parameter($0))" } + ["sync_time = ?22", "last_synced_at = ?23"]
        if !fields.isEmpty { columns.append("updated_at = ?23") }
        return "UPDATE users SET \(columns.joined(separator: ", ")) WHERE id = ?24 AND tenant_id = ?21"
    }
}
