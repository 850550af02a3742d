import PostgreSQLSupport
import SyncModel
import UserDirectory

/// Times are microseconds since 1970. What lies after the last parameter lies ahead of any time that a request could have named.
struct PostgresEarlyRemovals: EarlyRemovals {
    let commit: PostgresCommit
    /// How long they are kept, in seconds.
    let retention: Double

    private static let remember = """
        INSERT INTO usersync_removals AS r (tenant_id, user_id, removed_at, noted_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (tenant_id, user_id) DO UPDATE SET
          removed_at = greatest(CASE WHEN r.removed_at > $5 THEN 0 ELSE r.removed_at END, excluded.removed_at),
          noted_at = excluded.noted_at
        """
    private static let newer = """
        SELECT EXISTS (SELECT 1 FROM usersync_removals
          WHERE tenant_id = $1 AND removed_at > $2 AND noted_at >= $3 AND removed_at <= $4)
        """
    private static let find = """
        SELECT max(removed_at) FROM usersync_removals
        WHERE tenant_id = $1 AND removed_at > $2 AND noted_at >= $3 AND removed_at <= $4 AND user_id = ANY ($5)
        """
    static let anyOfTenant = "SELECT 1 FROM usersync_removals WHERE tenant_id = $1"

    func remember(_ id: UnsafeRawBufferPointer, in batch: BatchContext) throws {
        try commit.one(
            Self.remember, .text(batch.tenantID.text), .text(utf8: Array(id)), .int8(batch.syncTime.microseconds),
            .int8(batch.moment.microseconds), latest(batch.moment))
    }

    func areNewer(than work: BatchWork, at moment: Timestamp) throws -> Bool {
        try commit.one(
            Self.newer, .text(work.tenantID.text), .int8(work.syncTime.microseconds), oldest(moment), latest(moment)
        ).first?.bool(0) ?? false
    }

    func moment(of fields: RecordFields, in batch: BatchContext) throws -> Timestamp? {
        let ids = [fields[.id], fields.kindeID].compactMap { $0.map { String(decoding: $0, as: UTF8.self) } }
        return try commit.one(
            Self.find, .text(batch.tenantID.text), .int8(batch.syncTime.microseconds), oldest(batch.moment),
            latest(batch.moment), .texts(ids)
        ).first?.optionalInt(0).map { Timestamp(microseconds: Int64($0)) }
    }

    /// Deletes removals past their retention.
    func forgetOld(at now: Timestamp) throws {
        try commit.one("DELETE FROM usersync_removals WHERE noted_at < $1", oldest(now))
    }

    private func oldest(_ now: Timestamp) -> PostgresValue { .int8(now.advanced(bySeconds: -retention).microseconds) }
    private func latest(_ now: Timestamp) -> PostgresValue { .int8(now.advanced(bySeconds: Timestamp.tolerance).microseconds) }
}
