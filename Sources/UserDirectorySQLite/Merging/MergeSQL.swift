import UserDirectory

/// The words of a merge's statements: `a` is a row of the tenant whose users become the target's, `t` one of the target's. Parameters
/// have the same number everywhere.
enum MergeSQL {
    /// The tenant.
    static let tenant: Int32 = 1
    /// The target.
    static let target: Int32 = 2
    /// The time of the merge, as stored.
    static let now: Int32 = 3
    /// The latest time that is believed, in microseconds.
    static let latest: Int32 = 4
    /// From when on early removals are remembered, in microseconds.
    static let remembered: Int32 = 5
    /// A row's id.
    static let row: Int32 = 6

    /// Whether a row is the tenant's. A column may ignore case: the tenants `a` and `A` are two all the same.
    static func isTenants(_ row: String = "a") -> String {
        "\(row).tenant_id = ?\(tenant) AND \(row).tenant_id = ?\(tenant) COLLATE BINARY"
    }
    static func isTargets(_ row: String = "t") -> String {
        "\(row).tenant_id = ?\(target) AND \(row).tenant_id = ?\(target) COLLATE BINARY"
    }

    /// The same of a row that is found by its id: the index of tenants would lead through all of a tenant's.
    static let isTenantsRow = "+a.tenant_id = ?\(tenant) COLLATE BINARY"
    static let isTargetsRow = "+t.tenant_id = ?\(target) COLLATE BINARY"

    /// Whether the row was not left behind by an earlier merge. One that somebody has written since is a user again.
    static let isUser = """
        NOT EXISTS (SELECT 1 FROM usersync_merged AS m
          WHERE m.row_id = a.id AND m.tenant_id = a.tenant_id AND m.merged_at = a.last_synced_at AND a.is_active IS 0)
        """

    /// The tenant's users, in the order of the index.
    static let tenantsUsers = "users AS a INDEXED BY idx_users_tenant_id"
    static let isTenantsUser = "\(isTenants()) AND \(isUser)"
    static let anyUser = "SELECT 1 FROM users AS a WHERE \(isTenantsUser) LIMIT 1"

    // MARK: Ids

    static func isKinde(_ column: String) -> String { "(typeof(\(column)) = 'text' AND \(column) GLOB 'kp_*')" }
    /// The Kinde id in its own column; other text there is none.
    static func kindeID(_ row: String) -> String {
        "CASE WHEN \(isKinde("\(row).kinde_user_id")) THEN \(row).kinde_user_id END"
    }
    /// A Kinde id among the platform ids.
    static func misplacedID(_ row: String) -> String {
        "CASE WHEN \(isKinde("\(row).wrapper_user_id")) THEN \(row).wrapper_user_id END"
    }
    static func anyKindeID(_ row: String) -> String { "coalesce(\(kindeID(row)), \(misplacedID(row)))" }
    static func platformID(_ row: String) -> String {
        """
        CASE WHEN \(row).wrapper_user_id <> '' AND typeof(\(row).wrapper_user_id) <> 'blob'
          AND NOT \(row).wrapper_user_id GLOB 'kp_*' THEN \(row).wrapper_user_id END
        """
    }

    /// Two values as bytes, whatever the column's collation. NULL if one is NULL.
    private static func differ(_ one: String, _ other: String) -> String { "(\(one)) <> (\(other)) COLLATE BINARY" }

    /// Whether rows of one person have different ids of one kind.
    static let haveOtherIDs: String = {
        let kindeIDs = [kindeID("a"), misplacedID("a"), kindeID("t"), misplacedID("t")]
        var pairs = [differ(platformID("a"), "nullif(t.wrapper_user_id, '')")]
        for (at, id) in kindeIDs.enumerated() { pairs += kindeIDs[(at + 1)...].map { differ(id, $0) } }
        return pairs.map { "ifnull(\($0), 0)" }.joined(separator: " OR ")
    }()

    // MARK: News

    /// A stored time as a number, less than all others if it is none or cannot be believed.
    static func time(_ column: String) -> String { "ifnull(\(believed(column)), -1 << 62)" }
    private static func believed(_ column: String) -> String {
        "iif(\(TimeFunction.name)(\(column)) <= ?\(latest), \(TimeFunction.name)(\(column)), NULL)"
    }
    /// Of when a row's news is, as in a sync: its `sync_time`, or for rows of other programs when they were written.
    private static func news(_ row: String) -> String {
        "coalesce(\(believed("\(row).sync_time")), \(believed("\(row).last_synced_at")), -1 << 62)"
    }
    /// Whether `a` has newer news than `t`; of equal ones, those that came later count.
    static let isNewer = """
        ((\(news("a")), \(time("a.last_synced_at"))) > (\(news("t")), \(time("t.last_synced_at"))))
        """
    static let hasNewerSyncTime = "\(time("a.sync_time")) > \(time("t.sync_time"))"
    static let deactivates = "(\(isNewer)) AND a.is_active IS 0 AND t.is_active IS NOT 0"
    static let reactivates = "(\(isNewer)) AND a.is_active IS NOT 0 AND t.is_active IS 0"

    static let hasOtherRights = """
        (ifnull(a.is_admin, 0) <> ifnull(t.is_admin, 0) OR ifnull(a.roles, '[]') <> ifnull(t.roles, '[]') COLLATE BINARY
          OR ifnull(a.permissions, '[]') <> ifnull(t.permissions, '[]') COLLATE BINARY)
        """

    /// Both rows of each pair.
    static let bothRows = "\(MergeTables.pairs) AS p CROSS JOIN users AS a ON a.id = p.a CROSS JOIN users AS t ON t.id = p.t"
}
