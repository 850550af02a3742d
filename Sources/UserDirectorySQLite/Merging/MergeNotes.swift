import SyncModel
import UserDirectory

/// The SQL that notes and counts what a merge does with the rows that it has matched.
enum MergeNotes {
    /// Ids that the target's row lacks, and, with `EMAIL_SCOPE=global`, the address of newer news: nobody else could get it as long as the
    /// row that is left behind has it, so that one gets the older address instead.
    static func given(_ scope: EmailScope) -> String {
        let swaps = scope == .global ? "\(MergeSQL.isNewer) AND lower(a.email) <> lower(t.email) COLLATE BINARY" : "0"
        return """
            INSERT INTO \(MergeTables.given) (t, a, kinde, wrapper, email, email_back)
            SELECT * FROM (
              SELECT t.id, a.id, CASE WHEN \(MergeSQL.anyKindeID("t")) IS NULL THEN \(MergeSQL.anyKindeID("a")) END AS kinde,
                CASE WHEN nullif(t.wrapper_user_id, '') IS NULL THEN \(MergeSQL.platformID("a")) END AS wrapper,
                CASE WHEN \(swaps) THEN a.email END AS email, CASE WHEN \(swaps) THEN t.email END
              FROM \(MergeSQL.bothRows)
            ) WHERE kinde IS NOT NULL OR wrapper IS NOT NULL OR email IS NOT NULL
            """
    }

    // MARK: Early removals

    private static let isValid = "r.removed_at <= ?\(MergeSQL.latest) AND r.noted_at >= ?\(MergeSQL.remembered)"
    private static let ofTenant = """
        SELECT t.id AS row_id, r.removed_at FROM usersync_removals AS r CROSS JOIN users AS t INDEXED BY %
        WHERE r.tenant_id = ?\(MergeSQL.tenant) AND \(isValid) AND \(MergeSQL.isTargets()) AND t.# = r.user_id
        AND t.# = r.user_id COLLATE BINARY
        """
    private static let ofTarget = """
        SELECT ifnull((SELECT p.t FROM \(MergeTables.pairs) AS p WHERE p.a = a.id), a.id), r.removed_at
        FROM usersync_removals AS r CROSS JOIN users AS a INDEXED BY %
        WHERE r.tenant_id = ?\(MergeSQL.target) AND \(isValid) AND \(MergeSQL.isTenants()) AND a.# = r.user_id
        AND a.# = r.user_id COLLATE BINARY AND \(MergeSQL.isUser) AND a.id NOT IN (SELECT c.a FROM \(MergeTables.conflicts) AS c)
        """
    /// The rows of a pair's other half.
    private static let otherHalf = "LEFT JOIN \(MergeTables.pairs) AS p ON p.t = t.id LEFT JOIN users AS a ON a.id = p.a"

    /// Removals of which the other tenant had the row: each side's are looked for among the rows of the other.
    static func removed(kindeIndex: String) -> [String] {
        let found = [("idx_users_tenant_id", "wrapper_user_id"), (kindeIndex, "kinde_user_id")].flatMap { index, column in
            [ofTenant, ofTarget].map { $0.replacing("%", with: index).replacing("#", with: column) }
        }
        return [
            """
            INSERT INTO \(MergeTables.removed) (row_id, moment)
            SELECT row_id, max(removed_at) FROM (\(found.joined(separator: " UNION ALL "))) GROUP BY row_id
            """,
            """
            DELETE FROM \(MergeTables.removed) WHERE moment <= (
              SELECT max(\(MergeSQL.time("t.sync_time")), \(MergeSQL.time("a.sync_time"))) FROM users AS t \(otherHalf)
              WHERE t.id = usersync_merge_removed.row_id)
            """,
        ]
    }

    // MARK: Counting

    static let countUsers = "SELECT count(*) FROM \(MergeSQL.tenantsUsers) WHERE \(MergeSQL.isTenantsUser)"

    static let countJoined = """
        SELECT count(*), total(\(MergeSQL.hasOtherRights)), total(\(MergeSQL.deactivates)), total(\(MergeSQL.reactivates))
        FROM \(MergeSQL.bothRows)
        """

    static let countRemoved = """
        SELECT count(*) FROM \(MergeTables.removed) AS r CROSS JOIN users AS t ON t.id = r.row_id \(otherHalf)
        WHERE CASE WHEN a.id IS NOT NULL AND \(MergeSQL.isNewer) THEN a.is_active ELSE t.is_active END IS NOT 0
        """

    static let firstConflicts = """
        SELECT c.reason, a.id, \(MergeSQL.platformID("a")), \(MergeSQL.anyKindeID("a")),
          t.id, \(MergeSQL.platformID("t")), \(MergeSQL.anyKindeID("t"))
        FROM \(MergeTables.conflicts) AS c CROSS JOIN users AS a ON a.id = c.a LEFT JOIN users AS t ON t.id = c.t
        ORDER BY c.a LIMIT \(UserMerge.listed)
        """
}
