import SyncModel
import UserDirectory

/// The SQL that finds the rows of both tenants that are one person's. The tenant's users are gone through once for each kind of match, the
/// target's are looked up.
enum PersonMatching {
    private static let into = "INSERT OR IGNORE INTO \(MergeTables.pairs) (a, t) SELECT a.id, t.id FROM \(MergeSQL.tenantsUsers)"
    private static let both = "WHERE \(MergeSQL.isTenants()) AND \(MergeSQL.isTargets())"
    private static let targetsByID = "CROSS JOIN users AS t INDEXED BY idx_users_tenant_id"

    /// - Parameter kindeIndex: the name of the index of a tenant's Kinde ids.
    static func byIDs(kindeIndex: String) -> [String] {
        let byKindeID = "CROSS JOIN users AS t INDEXED BY \(kindeIndex)"
        return [
            """
            \(into) \(targetsByID) \(both) AND t.wrapper_user_id = a.wrapper_user_id AND \(isSame("wrapper_user_id", "wrapper_user_id"))
            AND a.wrapper_user_id <> '' AND typeof(a.wrapper_user_id) <> 'blob' AND \(MergeSQL.isUser)
            """,
            """
            \(into) \(byKindeID) \(both) AND t.kinde_user_id = a.kinde_user_id AND \(isSame("kinde_user_id", "kinde_user_id"))
            AND \(MergeSQL.isKinde("a.kinde_user_id")) AND \(MergeSQL.isUser)
            """,
            // Kinde ids among the platform ids, where an earlier version put them.
            """
            \(into) \(byKindeID) \(both) AND t.kinde_user_id = a.wrapper_user_id AND \(isSame("kinde_user_id", "wrapper_user_id"))
            AND \(MergeSQL.isKinde("a.wrapper_user_id")) AND \(MergeSQL.isUser)
            """,
            """
            \(into) \(targetsByID) \(both) AND t.wrapper_user_id = a.kinde_user_id AND \(isSame("wrapper_user_id", "kinde_user_id"))
            AND \(MergeSQL.isKinde("a.kinde_user_id")) AND \(MergeSQL.isUser)
            AND EXISTS (SELECT 1 FROM users AS other WHERE \(MergeSQL.isTargets("other"))
              AND other.wrapper_user_id >= 'kp_' AND other.wrapper_user_id < 'kp`')
            """,
        ]
    }

    private static func isSame(_ targets: String, _ tenants: String) -> String {
        "t.\(targets) = a.\(tenants) COLLATE BINARY"
    }

    /// SQLite's `lower` makes text of bytes, and ends at a NUL, which no address has.
    private static func isAddress(_ row: String = "a") -> String {
        "\(row).email <> '' AND typeof(\(row).email) = 'text' AND instr(\(row).email, char(0)) = 0"
    }
    private static let isSameAddress = "lower(t.email) = lower(a.email) COLLATE BINARY AND \(isAddress("t")) AND \(isAddress())"

    /// The target's rows with the address in lower case, as it is stored.
    static let byEmail = """
        \(into) CROSS JOIN users AS t \(both) AND t.email = lower(a.email) AND \(isSameAddress)
        AND \(MergeSQL.isUser)
        """

    /// The others, by the index of emails in mixed case.
    static let byMixedCaseEmail = """
        \(into) CROSS JOIN users AS t INDEXED BY \(MixedCaseIndex.name) \(both) AND t.email <> lower(t.email)
        AND \(isSameAddress) AND \(MergeSQL.isUser)
        """

    /// The same without that index: goes through the target's users. There are few such rows, or none, where it is missing.
    static let byMixedCaseEmailWithoutIndex = """
        WITH mixed AS MATERIALIZED (
          SELECT t.id, lower(t.email) AS email FROM users AS t INDEXED BY idx_users_tenant_id
          WHERE \(MergeSQL.isTargets()) AND t.email <> lower(t.email) AND \(isAddress("t")))
        INSERT OR IGNORE INTO \(MergeTables.pairs) (a, t) SELECT a.id, mixed.id FROM \(MergeSQL.tenantsUsers) CROSS JOIN mixed
        WHERE \(MergeSQL.isTenants()) AND mixed.email = lower(a.email) AND \(isAddress()) AND \(MergeSQL.isUser)
        AND EXISTS (SELECT 1 FROM mixed)
        """

    // MARK: What cannot be

    private static let conflicting = "INSERT OR IGNORE INTO \(MergeTables.conflicts) (a, t, reason)"

    private static func number(_ reason: UserMerge.Reason) -> Int { UserMerge.Reason.allCases.firstIndex(of: reason) ?? 0 }

    /// In the order in which the reasons count.
    static let conflicts = [
        """
        \(conflicting) SELECT a, min(t), \(number(.severalOfTarget)) FROM \(MergeTables.pairs) GROUP BY a HAVING count(*) > 1
        """,
        """
        \(conflicting) SELECT p.a, p.t, \(number(.severalOfTenant)) FROM \(MergeTables.pairs) AS p
        WHERE p.t IN (SELECT t FROM \(MergeTables.pairs) GROUP BY t HAVING count(*) > 1)
        """,
        "\(conflicting) SELECT a.id, t.id, \(number(.otherID)) FROM \(MergeSQL.bothRows) WHERE \(MergeSQL.haveOtherIDs)",
        // What our own unique indexes refuse though it is no match: empty ids, bytes that are no text, other cases.
        """
        \(conflicting) SELECT a.id, t.id, \(number(.refusedByDatabase)) FROM \(MergeSQL.tenantsUsers) \(targetsByID) \(both)
        AND t.wrapper_user_id = a.wrapper_user_id AND \(MergeSQL.isUser)
        AND NOT EXISTS (SELECT 1 FROM \(MergeTables.pairs) AS p WHERE p.a = a.id AND p.t = t.id)
        """,
    ]

    /// The same of emails, where they are unique within a tenant.
    static let emailConflicts = ["t.email = ''", "t.email >= x''"].map { isNone in
        """
        \(conflicting) SELECT a.id, t.id, \(number(.refusedByDatabase)) FROM users AS t INDEXED BY idx_users_email CROSS JOIN users AS a
        WHERE \(isNone) AND \(MergeSQL.isTargets()) AND \(MergeSQL.isTenants()) AND a.email = t.email AND \(MergeSQL.isUser)
        AND NOT EXISTS (SELECT 1 FROM \(MergeTables.pairs) AS p WHERE p.a = a.id AND p.t = t.id)
        """
    }
    static let withoutConflicts = "DELETE FROM \(MergeTables.pairs) WHERE a IN (SELECT a FROM \(MergeTables.conflicts))"
}
