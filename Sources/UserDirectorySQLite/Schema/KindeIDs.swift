import GRDB
import SQLiteSupport

/// Kinde ids in the tables of an earlier version, which stored them as `wrapper_user_id` and had no index for one tenant's.
struct KindeIDs {
    let db: Database

    /// The integration guide's index has this name, too.
    static let indexName = "idx_users_kinde_user_id"
    /// Where another index of the CRM's has that name.
    static let ownIndexName = "usersync_users_kinde_user_id"

    /// Finds the name of the index that `fitIndex` has found or made.
    static let findIndex = """
        SELECT i.name FROM pragma_index_list('users') AS i WHERE lower(i.name) IN ('\(indexName)', '\(ownIndexName)') AND i.partial = 0
        AND (SELECT group_concat(lower(c.name)) FROM pragma_index_info(i.name) AS c) = 'kinde_user_id,tenant_id' LIMIT 1
        """

    /// The table refuses to have ids moved: a trigger, for example, that may have ended the transaction with it, or that calls a
    /// function of the CRM's process.
    struct Refused: Error {
        var said: String
    }

    /// Rows of which another row of the tenant has the id stay as they are: with the same `kinde_user_id` none of them would be found
    /// any more. So do those that would break a UNIQUE. `UserApplier` finds them where they are.
    private static let moving = """
        UPDATE OR IGNORE users SET kinde_user_id = wrapper_user_id, wrapper_user_id = NULL
        WHERE wrapper_user_id GLOB 'kp_*' AND NOT EXISTS (
          SELECT 1 FROM users AS other INDEXED BY %
          WHERE other.kinde_user_id = users.wrapper_user_id AND other.tenant_id = users.tenant_id AND other.id <> users.id)
        """

    /// Moves them to their own column.
    /// - Returns: how many stay.
    func move(index: String) throws -> Int {
        var stay = try count()
        while stay > 0 {
            do {
                try db.execute(sql: Self.moving.replacing("%", with: index))
            } catch let error as DatabaseError where [.SQLITE_CONSTRAINT, .SQLITE_ERROR].contains(error.resultCode) {
                throw Refused(said: SQLiteFailure(error).message)
            }
            // A row that has moved may have made room for another one.
            let left = try count()
            guard left < stay else { break }
            stay = left
        }
        return stay
    }

    /// - Parameter refusal: what SQLite says; `nil` if it did not refuse.
    static func trouble(rows: Int, refusal: String?) -> String {
        """
        \(rows) \(rows == 1 ? "row" : "rows") of users \(rows == 1 ? "has" : "have") a Kinde id as wrapper_user_id that cannot be \
        moved to kinde_user_id, and \(rows == 1 ? "is" : "are") found by it there. \
        \(refusal.map { "SQLite says: \($0)" } ?? "Another row has the same kinde_user_id, or the table ignores the change")
        """
    }

    func count() throws -> Int {
        try Int.fetchOne(db, sql: "SELECT count(*) FROM users WHERE wrapper_user_id GLOB 'kp_*'") ?? 0
    }

    /// Finds or makes the index of a tenant's Kinde ids, in place of the integration guide's, which finds those of all tenants.
    /// - Returns: its name, and whether it is new: then no version has told Kinde ids from those of the platform yet.
    func fitIndex(of users: TableShape) throws -> (name: String, isNew: Bool) {
        let names = [Self.indexName, Self.ownIndexName]
        let fitting = names.first { name in
            users.index(named: name).map {
                !$0.isPartial && $0.comparesAsColumns && $0.columns == ["kinde_user_id", "tenant_id"]
            } ?? false
        }
        if let fitting { return (fitting, false) }
        let guides = users.index(named: Self.indexName)
        if let guides, !guides.isPartial, !guides.isUnique, guides.columns == ["kinde_user_id"] {
            try db.execute(sql: "DROP INDEX \(Self.indexName)")
        }
        let taken = try String.fetchAll(db, sql: "SELECT lower(name) FROM sqlite_master WHERE type IN ('index', 'table', 'view')")
        let name = taken.contains(Self.indexName) ? Self.ownIndexName : Self.indexName
        if name == Self.ownIndexName { try db.execute(sql: "DROP INDEX IF EXISTS \(name)") }
        try db.execute(sql: "CREATE INDEX \(name) ON users(kinde_user_id, tenant_id)")
        return (name, true)
    }
}
