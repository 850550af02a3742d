import SyncModel
import TestSupport
import UserDirectory

/// The rows and early removals of a directory, before a merge or after it.
struct MergeWorld: Equatable, Sendable {
    /// A row of `users`. Times are seconds of `Timestamp.at`.
    struct Row: Equatable, Sendable {
        var key: Int
        var tenant = "a"
        var email = ""
        var platformID: String?
        var kindeID: String?
        var isActive = true
        var isAdmin = false
        var roles: String? = "[]"
        var department: String?
        /// `last_synced_at`.
        var seen: Int?
        /// `sync_time`.
        var news: Int?
        /// `updated_at`.
        var written: Int? = 0
    }

    struct Removal: Hashable, Sendable {
        var tenant: String
        var id: String
        var at: Int
    }

    var scope = EmailScope.tenant
    var rows: [Row] = []
    var removals: [Removal] = []

    /// Puts all of it into an empty directory.
    func store(in it: any DirectoryFixture) throws {
        func text(_ value: String?) -> String { value.map { "'\($0)'" } ?? "NULL" }
        func time(_ seconds: Int?) -> String { text(seconds.map { Timestamp.at(Int64($0)).iso8601 }) }
        var sql: [String] = []
        for row in rows {
            sql.append(
                """
                INSERT INTO users (id, tenant_id, email, name, wrapper_user_id, kinde_user_id, is_active, is_admin, roles, department,
                  last_synced_at, sync_time, updated_at)
                VALUES (\(row.key), '\(row.tenant)', '\(row.email)', 'N\(row.key)', \(text(row.platformID)), \(text(row.kindeID)),
                  \(row.isActive), \(row.isAdmin), \(text(row.roles)), \(text(row.department)), \(time(row.seen)),
                  \(time(row.news)), \(time(row.written)))
                """)
        }
        for removal in removals {
            sql.append(
                """
                INSERT INTO usersync_removals (tenant_id, user_id, removed_at, noted_at) VALUES ('\(removal.tenant)', '\(removal.id)',
                  \(Timestamp.at(Int64(removal.at)).microseconds), \(it.clock.now.microseconds))
                """)
        }
        try it.execute(sql.joined(separator: ";\n"))
    }

    /// What a directory holds.
    init(of it: any DirectoryFixture, scope: EmailScope) throws {
        self.scope = scope
        func seconds(_ text: String?) -> Int? {
            text.flatMap { Timestamp(iso8601: $0) }.map {
                Int($0.microseconds / 1_000_000 - Timestamp.at(0).microseconds / 1_000_000)
            }
        }
        rows = try it.rows("users").map { row in
            func text(_ column: String) -> String? { row[column] ?? nil }
            return Row(
                key: Int(text("id") ?? "") ?? 0, tenant: text("tenant_id") ?? "", email: text("email") ?? "",
                platformID: text("wrapper_user_id"), kindeID: text("kinde_user_id"), isActive: text("is_active") != "0",
                isAdmin: text("is_admin") == "1", roles: text("roles"), department: text("department"),
                seen: seconds(text("last_synced_at")), news: seconds(text("sync_time")), written: seconds(text("updated_at")))
        }
        removals = try it.rows("usersync_removals").map { row in
            func text(_ column: String) -> String { (row[column] ?? nil) ?? "" }
            let at = (Int64(text("removed_at")) ?? 0) - Timestamp.at(0).microseconds
            return Removal(tenant: text("tenant_id"), id: text("user_id"), at: Int(at / 1_000_000))
        }
    }

    init(_ scope: EmailScope = .tenant, _ rows: [Row] = [], removals: [Removal] = []) {
        (self.scope, self.rows, self.removals) = (scope, rows, removals)
    }
}
