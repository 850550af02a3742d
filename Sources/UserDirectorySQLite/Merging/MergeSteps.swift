/// The SQL that carries a merge out, as it was noted. Each step is for all rows, or for one (`MergeSQL.row`), to find out which one the
/// database refuses.
enum MergeSteps {
    /// Users of whom the target has none.
    static func move(one: Bool) -> String {
        """
        UPDATE users AS a SET tenant_id = ?\(MergeSQL.target), updated_at = ?\(MergeSQL.now)
        WHERE \(one ? "a.id = ?\(MergeSQL.row) AND " : "")\(MergeSQL.isTenantsUser)
        AND NOT EXISTS (SELECT 1 FROM \(MergeTables.pairs) AS p WHERE p.a = a.id)
        """
    }

    // MARK: Persons that both tenants have

    static func countGiven(one: Bool) -> String { count(MergeTables.given, "1", one) }
    static func countEmails(one: Bool) -> String { count(MergeTables.given, "g.email IS NOT NULL", one) }

    private static func count(_ table: String, _ condition: String, _ one: Bool) -> String {
        "SELECT count(*) FROM \(table) AS g WHERE \(condition)\(only(one, "g"))"
    }
    private static func only(_ one: Bool, _ row: String) -> String { one ? " AND \(row).a = ?\(MergeSQL.row)" : "" }

    /// Frees an address of the tenant's row, which the target's is going to have.
    static func freeEmail(one: Bool) -> String {
        """
        UPDATE users AS a SET email = 'usersync-' || a.id || '@moving.invalid'
        WHERE \(MergeSQL.isTenantsRow) AND a.id IN (\(givers("email", one: one)))
        """
    }

    /// Takes an id away from the tenant's row, where no two rows of the table may have it.
    static func freeID(_ column: String, _ given: String, one: Bool) -> String {
        "UPDATE users AS a SET \(column) = NULL WHERE \(MergeSQL.isTenantsRow) AND a.id IN (\(givers(given, one: one)))"
    }

    private static func givers(_ column: String, one: Bool) -> String {
        "SELECT g.a FROM \(MergeTables.given) AS g WHERE g.\(column) IS NOT NULL\(only(one, "g"))"
    }

    static func give(one: Bool) -> String {
        """
        UPDATE users AS t SET (kinde_user_id, wrapper_user_id, email) = (
            SELECT ifnull(g.kinde, t.kinde_user_id), ifnull(g.wrapper, t.wrapper_user_id), ifnull(g.email, t.email)
            FROM \(MergeTables.given) AS g WHERE g.t = t.id),
          updated_at = ?\(MergeSQL.now)
        WHERE \(MergeSQL.isTargetsRow) AND t.id IN (SELECT g.t FROM \(MergeTables.given) AS g WHERE 1\(only(one, "g")))
        """
    }

    static func giveEmailBack(one: Bool) -> String {
        """
        UPDATE users AS a SET email = (SELECT g.email_back FROM \(MergeTables.given) AS g WHERE g.a = a.id)
        WHERE \(MergeSQL.isTenantsRow) AND a.id IN (\(givers("email_back", one: one)))
        """
    }

    private static let hasNews = "(\(MergeSQL.isNewer) OR \(MergeSQL.hasNewerSyncTime))"

    static func countNews(one: Bool) -> String {
        "SELECT count(*) FROM \(MergeSQL.bothRows) WHERE \(hasNews)\(only(one, "p"))"
    }

    /// Whether the target's row is active, and as of when, from the row that knows it better.
    static func bringNews(one: Bool) -> String {
        """
        UPDATE users AS t SET (is_active, last_synced_at, sync_time, updated_at) = (
          SELECT CASE WHEN \(MergeSQL.deactivates) THEN 0 WHEN \(MergeSQL.reactivates) THEN 1 ELSE t.is_active END,
            iif(\(MergeSQL.isNewer), a.last_synced_at, t.last_synced_at),
            iif(\(MergeSQL.hasNewerSyncTime), a.sync_time, t.sync_time),
            CASE WHEN \(MergeSQL.deactivates) OR \(MergeSQL.reactivates) THEN ?\(MergeSQL.now) ELSE t.updated_at END
          FROM \(MergeTables.pairs) AS p CROSS JOIN users AS a ON a.id = p.a WHERE p.t = t.id)
        WHERE \(MergeSQL.isTargetsRow) AND t.id IN (SELECT p.t FROM \(MergeSQL.bothRows) WHERE \(hasNews)\(only(one, "p")))
        """
    }

    /// As a removal leaves a row.
    static func leaveBehind(one: Bool) -> String {
        """
        UPDATE users AS a SET is_active = 0, sync_time = ?\(MergeSQL.now), last_synced_at = ?\(MergeSQL.now),
          updated_at = CASE WHEN a.is_active IS 0 THEN a.updated_at ELSE ?\(MergeSQL.now) END
        WHERE \(MergeSQL.isTenantsRow)
        AND a.id IN (SELECT p.a FROM \(MergeTables.pairs) AS p WHERE 1\(only(one, "p")))
        """
    }

    static let noteLeftBehind = """
        INSERT OR REPLACE INTO usersync_merged (row_id, tenant_id, merged_at)
        SELECT p.a, ?\(MergeSQL.tenant), ?\(MergeSQL.now) FROM \(MergeTables.pairs) AS p
        """

    // MARK: Removals and the log

    /// The next one after a row.
    static let nextRemoved =
        "SELECT row_id, moment FROM \(MergeTables.removed) WHERE row_id > ?\(MergeSQL.row) ORDER BY row_id LIMIT 1"
    static let obeyRemoval = """
        UPDATE users AS t SET is_active = 0, sync_time = ?7, last_synced_at = ?\(MergeSQL.now),
          updated_at = CASE WHEN t.is_active IS 0 THEN t.updated_at ELSE ?\(MergeSQL.now) END
        WHERE t.id = ?\(MergeSQL.row) AND \(MergeSQL.isTargetsRow)
        """
    static let removalMoment: Int32 = 7

    /// A removal at a time that is not believed counts less than any other.
    static let moveRemovals = """
        INSERT INTO usersync_removals (tenant_id, user_id, removed_at, noted_at)
        SELECT ?\(MergeSQL.target), user_id, removed_at, noted_at FROM usersync_removals WHERE tenant_id = ?\(MergeSQL.tenant)
        ON CONFLICT (tenant_id, user_id) DO UPDATE SET noted_at = max(noted_at, excluded.noted_at),
          removed_at = CASE WHEN removed_at > ?\(MergeSQL.latest) THEN excluded.removed_at
            WHEN excluded.removed_at > ?\(MergeSQL.latest) THEN removed_at ELSE max(removed_at, excluded.removed_at) END
        """
    static let forgetRemovals = "DELETE FROM usersync_removals WHERE tenant_id = ?\(MergeSQL.tenant)"

    static let hasLog = """
        SELECT 1 FROM sqlite_master AS m, pragma_table_info(m.name) AS c
        WHERE m.type = 'table' AND lower(m.name) = 'sync_logs' AND lower(c.name) = 'tenant_id'
        """
    /// Jobs are few: no index of them by tenant.
    static let moveLog = """
        UPDATE sync_logs AS a SET tenant_id = ?\(MergeSQL.target) WHERE \(MergeSQL.isTenants())
        """

    /// Whether a column's value may stand in one row of the table only.
    static func standsOnce(_ column: String) -> String {
        """
        SELECT 1 FROM pragma_index_list('users') AS i WHERE i."unique" = 1 AND (
          SELECT group_concat(lower(c.name)) FROM pragma_index_info(i.name) AS c) = '\(column)'
        """
    }
}
