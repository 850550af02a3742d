/// The tables in which a merge notes what it is going to do, of its connection alone.
enum MergeTables {
    /// Rows of the tenant (`a`) and of the target (`t`) that are one person's.
    static let pairs = "temp.usersync_merge_pairs"
    /// Rows of the tenant that cannot be merged, with a row of the target's and the place of the reason in `UserMerge.Reason.allCases`.
    static let conflicts = "temp.usersync_merge_conflicts"
    /// What a row of the target's gets from the row of the tenant's.
    static let given = "temp.usersync_merge_given"
    /// Rows that have to obey an early removal, and when that was.
    static let removed = "temp.usersync_merge_removed"

    static let creation = [
        "CREATE TABLE \(pairs) (a INTEGER NOT NULL, t INTEGER NOT NULL, PRIMARY KEY (a, t)) WITHOUT ROWID",
        "CREATE INDEX temp.usersync_merge_pairs_t ON usersync_merge_pairs(t, a)",
        "CREATE TABLE \(conflicts) (a INTEGER PRIMARY KEY, t INTEGER, reason INTEGER NOT NULL)",
        "CREATE TABLE \(given) (t INTEGER PRIMARY KEY, a INTEGER NOT NULL, kinde, wrapper, email, email_back)",
        "CREATE INDEX temp.usersync_merge_given_a ON usersync_merge_given(a)",
        "CREATE TABLE \(removed) (row_id INTEGER PRIMARY KEY, moment INTEGER NOT NULL)",
    ]
    static let removal = [pairs, conflicts, given, removed].map { "DROP TABLE IF EXISTS \($0)" }
}
