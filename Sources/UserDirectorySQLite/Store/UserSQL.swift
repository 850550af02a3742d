import SyncModel
import UserDirectory

/// The SQL of the hot loop. Every statement that finds or writes a user names the tenant. Parameters have the same number
/// everywhere: first those of the batch, then the fields in the order of their numbers.
enum UserSQL {
    /// The tenant of the batch.
    static let tenant: Int32 = 1
    /// The job's sync time as stored.
    static let syncTime: Int32 = 2
    /// The time the batch is applied.
    static let now: Int32 = 3
    /// A row's id.
    static let row: Int32 = 4

    static func parameter(_ field: UserField) -> Int32 { Int32(field.rawValue + 5) }

    // The same parameters as they appear in SQL.
    private static let tenantValue = "?\(tenant)"
    private static let syncTimeValue = "?\(syncTime)"
    private static let nowValue = "?\(now)"
    private static let rowValue = "?\(row)"
    private static func value(_ field: UserField) -> String { "?\(parameter(field))" }

    /// The columns read for a user: `id`, `sync_time`, then the fields in the order of their numbers.
    private static let columns = (["id", "sync_time"] + UserField.numbers.map(column(numbered:))).joined(separator: ", ")
    private static func column(numbered number: Int) -> String {
        UserField.stored.first { $0.rawValue == number }?.column ?? "NULL"
    }
    static let syncTimeColumn: Int32 = 1
    static func column(_ field: UserField) -> Int32 { Int32(field.rawValue + 2) }

    static let byWrapperID = "SELECT \(columns) FROM users WHERE tenant_id = \(tenantValue) AND wrapper_user_id = \(value(.id))"
    /// The first of the rows with a Kinde id, and the number of the next one, which there should not be.
    static func byKindeID(index: String) -> String {
        """
        SELECT \(columns), (SELECT min(other.id) FROM users AS other INDEXED BY \(index)
          WHERE other.kinde_user_id = \(value(.kindeUserID)) AND other.tenant_id = \(tenantValue) AND other.id > users.id)
        FROM users INDEXED BY \(index)
        WHERE kinde_user_id = \(value(.kindeUserID)) AND tenant_id = \(tenantValue) ORDER BY id LIMIT 1
        """
    }
    static let nextRowColumn = Int32(UserField.numbers.count + 2)
    /// Whether a tenant has Kinde ids among its platform ids: those that begin with `kp_`.
    static let anyMisplacedID = """
        SELECT 1 FROM users WHERE tenant_id = \(tenantValue) AND wrapper_user_id >= 'kp_' AND wrapper_user_id < 'kp`' LIMIT 1
        """
    static let byEmail = "SELECT \(columns) FROM users WHERE email = \(value(.email)) AND tenant_id = \(tenantValue)"
    static let byRow = "SELECT \(columns) FROM users WHERE id = \(rowValue) AND tenant_id = \(tenantValue)"

    // The mixed-case rows of an older table; emails are stored in lower case otherwise.
    static let mixedCaseExists = "SELECT 1 FROM users INDEXED BY idx_users_email_lower WHERE email <> lower(email) LIMIT 1"
    static let byMixedCaseEmail = """
        SELECT id, email, wrapper_user_id, kinde_user_id FROM users INDEXED BY idx_users_email_lower
        WHERE email <> lower(email) AND lower(email) = \(value(.email)) AND tenant_id = \(tenantValue) ORDER BY id
        """

    // Of another tenant's user, only its existence is read.
    static let emailElsewhere = "SELECT 1 FROM users WHERE email = \(value(.email)) AND tenant_id <> \(tenantValue) LIMIT 1"
    static let mixedCaseEmailElsewhere = """
        SELECT 1 FROM users INDEXED BY idx_users_email_lower
        WHERE email <> lower(email) AND lower(email) = \(value(.email)) AND tenant_id <> \(tenantValue) LIMIT 1
        """

    static let removalByWrapperID =
        "SELECT id, sync_time FROM users WHERE tenant_id = \(tenantValue) AND wrapper_user_id = \(value(.id))"
    static func removalByKindeID(index: String) -> String {
        """
        SELECT id, sync_time FROM users INDEXED BY \(index)
        WHERE kinde_user_id = \(value(.id)) AND tenant_id = \(tenantValue) LIMIT 2
        """
    }
    static let deactivate = """
        UPDATE users SET is_active = 0, sync_time = \(syncTimeValue), last_synced_at = \(nowValue),
        updated_at = CASE WHEN is_active IS 0 THEN updated_at ELSE \(nowValue) END
        WHERE id = \(rowValue) AND tenant_id = \(tenantValue)
        """
    static let moveEmail = """
        UPDATE users SET email = \(value(.email)), updated_at = \(nowValue) WHERE id = \(rowValue) AND tenant_id = \(tenantValue)
        """

    static let anyUser = "SELECT \(columns) FROM users LIMIT 1"
    /// Statements that write every column a user may have, for whoever only compiles them.
    static let writes: [String] = {
        let all = UserField.stored.reduce(into: FieldSet()) { $0.insert($1) }
        return [insert(all, onConflictDoNothing: true), update(all), deactivate]
    }()
    static let triggers = "SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND lower(tbl_name) = 'users' LIMIT 1"

    /// Creates a user unless a unique index already contains it. Omitted fields take the table's defaults.
    static func insert(_ fields: FieldSet, onConflictDoNothing: Bool) -> String {
        let names =
            fields.fields.map(\.column) + ["tenant_id", "synced_from", "sync_time", "last_synced_at", "created_at", "updated_at"]
        let values = fields.fields.map(value) + [tenantValue, "'wrapper'", syncTimeValue, nowValue, nowValue, nowValue]
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
                ? "\(field.column) = \(value(field))" : "\(field.column) = (\(defaults[field.column] ?? "NULL"))"
        }
        let ours = [
            "synced_from = 'wrapper'", "sync_time = \(syncTimeValue)", "last_synced_at = \(nowValue)", "updated_at = \(nowValue)",
        ]
        return """
            UPDATE users SET \((columns + ours).joined(separator: ", ")) WHERE id = \(rowValue) AND tenant_id = \(tenantValue)
            """
    }
    static let defaults = "SELECT lower(name), dflt_value FROM pragma_table_info('users') WHERE dflt_value IS NOT NULL"

    /// Writes the fields that differ; if there are none, the user was seen unchanged.
    static func update(_ fields: FieldSet) -> String {
        var columns =
            fields.fields.map { "\($0.column) = \(value($0))" }
            + ["sync_time = \(syncTimeValue)", "last_synced_at = \(nowValue)"]
        if !fields.isEmpty { columns.append("updated_at = \(nowValue)") }
        return "UPDATE users SET \(columns.joined(separator: ", ")) WHERE id = \(rowValue) AND tenant_id = \(tenantValue)"
    }
}
