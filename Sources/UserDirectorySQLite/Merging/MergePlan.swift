import SQLiteSupport
import SyncModel
import UserDirectory

/// What a merge is going to do, found out without writing to the file: it is noted in tables of the connection (`MergeTables`), in one
/// transaction, which the caller holds.
struct MergePlan {
    let connection: OpaquePointer
    let tenantID: TenantID
    let target: TenantID
    let scope: EmailScope
    let now: Timestamp
    /// How long an early removal is remembered, in seconds.
    let retention: Double
    private let statements: StatementCache

    init(
        _ connection: OpaquePointer, _ tenantID: TenantID, into target: TenantID, scope: EmailScope, now: Timestamp,
        retention: Double
    ) {
        self.connection = connection
        self.tenantID = tenantID
        self.target = target
        self.scope = scope
        self.now = now
        self.retention = retention
        statements = StatementCache(connection)
    }

    /// A statement with the merge's constants bound; those that it does not have are skipped.
    func statement(_ sql: String) throws(SQLiteFailure) -> SQLStatement {
        let statement = try statements(sql)
        statement.bind(MergeSQL.tenant, copying: tenantID.text)
        statement.bind(MergeSQL.target, copying: target.text)
        statement.bind(MergeSQL.now, copying: now.iso8601)
        statement.bind(MergeSQL.latest, now.advanced(bySeconds: Timestamp.tolerance).microseconds)
        statement.bind(MergeSQL.remembered, now.advanced(bySeconds: -retention).microseconds)
        return statement
    }

    func run(_ sql: String) throws(SQLiteFailure) { try statement(sql).run() }

    /// Notes what is going to be done.
    /// - Parameter hasMixedCase: whether there are emails in mixed case; `nil` if that is not known.
    func make(hasMixedCase: Bool? = nil) throws(SQLiteFailure) -> UserMerge {
        try TimeFunction.add(to: connection)
        for sql in MergeTables.removal + MergeTables.creation { try run(sql) }
        let kindeIndex = try self.kindeIndex()
        for sql in PersonMatching.byIDs(kindeIndex: kindeIndex) + [PersonMatching.byEmail] { try run(sql) }
        if hasMixedCase ?? true {
            let hasIndex = try statement(MixedCaseIndex.exists).found()
            try run(hasIndex ? PersonMatching.byMixedCaseEmail : PersonMatching.byMixedCaseEmailWithoutIndex)
        }
        for sql in PersonMatching.conflicts + (scope == .tenant ? PersonMatching.emailConflicts : []) { try run(sql) }
        try run(PersonMatching.withoutConflicts)
        try run(MergeNotes.given(scope))
        for sql in MergeNotes.removed(kindeIndex: kindeIndex) { try run(sql) }
        return try count()
    }

    /// Removes the notes.
    func forget() throws(SQLiteFailure) { for sql in MergeTables.removal { try run(sql) } }

    private func count() throws(SQLiteFailure) -> UserMerge {
        var merge = UserMerge()
        let pairs = try numbers(MergeNotes.countJoined, 4)
        (merge.joined, merge.withOtherRights, merge.deactivated, merge.reactivated) = (pairs[0], pairs[1], pairs[2], pairs[3])
        merge.removed = try numbers(MergeNotes.countRemoved, 1)[0]
        merge.conflicts = try numbers("SELECT count(*) FROM \(MergeTables.conflicts)", 1)[0]
        merge.moved = try numbers(MergeNotes.countUsers, 1)[0] - merge.joined - merge.conflicts
        guard merge.conflicts > 0 else { return merge }
        let select = try statement(MergeNotes.firstConflicts)
        while try select.step() {
            let other = select.isNull(4) ? nil : Self.row(select, at: 4)
            let reason = UserMerge.Reason.allCases[Int(select.int64(0))]
            merge.firstConflicts.append(UserMerge.Conflict(reason, user: Self.row(select, at: 1), other: other))
        }
        return merge
    }

    /// A row from its id and its two ids of a person, which may be any text.
    static func row(_ select: SQLStatement, at column: Int32) -> UserMerge.Row {
        func id(_ at: Int32) -> String? { select.string(at).map { String($0.prefix(255)) } }
        return UserMerge.Row(crmUserID: select.int64(column), platformID: id(column + 1), kindeID: id(column + 2))
    }

    private func numbers(_ sql: String, _ columns: Int32) throws(SQLiteFailure) -> [Int] {
        let select = try statement(sql)
        guard try select.step() else { return [] }
        defer { select.reset() }
        return (0..<columns).map { Int(select.int64($0)) }
    }

    private func kindeIndex() throws(SQLiteFailure) -> String {
        let select = try statement(KindeIDs.findIndex)
        guard try select.step(), let name = select.string(0) else {
            throw SQLiteFailure(code: 1, message: "no index of users over kinde_user_id, tenant_id")
        }
        select.reset()
        return name
    }
}
