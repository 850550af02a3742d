import SQLiteSupport
import SyncModel
import UserDirectory

/// What `?6` and later is lies ahead of any time that a request could have named.
struct SQLiteEarlyRemovals: EarlyRemovals {
    let statements: UserStatements
    /// How long they are kept, in seconds.
    let retention: Double

    private static let remember = """
        INSERT INTO usersync_removals (tenant_id, user_id, removed_at, noted_at) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (tenant_id, user_id) DO UPDATE SET
          removed_at = max(iif(removed_at > ?6, 0, removed_at), excluded.removed_at), noted_at = excluded.noted_at
        """
    static let newer = """
        SELECT 1 FROM usersync_removals WHERE tenant_id = ?1 AND removed_at > ?3 AND removed_at <= ?6 AND noted_at >= ?4 LIMIT 1
        """
    static let find = """
        SELECT max(removed_at) FROM usersync_removals
        WHERE tenant_id = ?1 AND user_id IN (?2, ?5) AND removed_at > ?3 AND removed_at <= ?6 AND noted_at >= ?4
        """
    static let anyOfTenant = "SELECT 1 FROM usersync_removals WHERE tenant_id = ?1 LIMIT 1"
    private static let forget = "DELETE FROM usersync_removals WHERE noted_at < ?4"

    func remember(_ id: UnsafeRawBufferPointer, in batch: BatchContext) throws(SQLiteFailure) {
        let insert = try statement(Self.remember, batch)
        insert.bind(2, id)
        insert.bind(4, batch.moment.microseconds)
        try insert.run()
    }

    func areNewer(than work: BatchWork, at moment: Timestamp) throws(SQLiteFailure) -> Bool {
        try statement(Self.newer, work.tenantID, after: work.syncTime, at: moment).found()
    }

    func moment(of fields: RecordFields, in batch: BatchContext) throws(SQLiteFailure) -> Timestamp? {
        let select = try statement(Self.find, batch)
        select.bind(2, fields[.id].map { .text($0) } ?? .null)
        select.bind(5, fields.kindeID.map { .text($0) } ?? .null)
        guard try select.step() else { return nil }
        defer { select.reset() }
        return select.integer(0).map { Timestamp(microseconds: $0) }
    }

    /// Deletes removals past their retention.
    func forgetOld(at now: Timestamp) throws(SQLiteFailure) {
        let delete = try statements(Self.forget)
        delete.bind(4, now.advanced(bySeconds: -retention).microseconds)
        try delete.run()
    }

    private func statement(_ sql: String, _ batch: BatchContext) throws(SQLiteFailure) -> SQLStatement {
        try statement(sql, batch.tenantID, after: batch.syncTime, at: batch.moment)
    }

    private func statement(
        _ sql: String, _ tenantID: TenantID, after syncTime: Timestamp, at moment: Timestamp
    ) throws(SQLiteFailure) -> SQLStatement {
        let statement = try statements(sql)
        statement.bind(1, copying: tenantID.text)
        statement.bind(3, syncTime.microseconds)
        statement.bind(4, moment.advanced(bySeconds: -retention).microseconds)
        statement.bind(6, moment.advanced(bySeconds: Timestamp.tolerance).microseconds)
        return statement
    }
}
