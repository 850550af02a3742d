import GRDB
import JobQueue
import SQLiteSupport
import SyncModel

/// A row of `tenant_merges`.
enum MergeRow {
    private static let columns = "seq, alias, tenant_id, state, since, ended_at, moved, joined, error"
    private static let select = "SELECT \(columns) FROM tenant_merges WHERE seq = ?1"
    static let page = "SELECT \(columns) FROM tenant_merges WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2"
    static let open = """
        SELECT \(columns) FROM tenant_merges INDEXED BY tenant_merges_open WHERE ended_at IS NULL ORDER BY seq
        """
    private static let insert = """
        INSERT INTO tenant_merges (alias, tenant_id, state, since) VALUES (?1, ?2, ?3, ?4)
        RETURNING \(columns)
        """
    private static let update = """
        UPDATE tenant_merges SET state = ?2, ended_at = ?3, moved = ?4, joined = ?5, error = ?6 WHERE seq = ?1
        """
    /// What is there now belongs to the tenant by the end of the merge, what comes later does not.
    static let setLast = """
        UPDATE tenant_merges SET last_job = ?2, last_delivery = (SELECT coalesce(max(seq), 0) FROM deliveries) WHERE seq = ?1
        """
    private static let deleteOld = """
        DELETE FROM tenant_merges WHERE ended_at IS NOT NULL AND seq <= (
            SELECT seq FROM tenant_merges WHERE ended_at IS NOT NULL ORDER BY seq DESC LIMIT 1 OFFSET \(TenantMerge.mostEnded))
        """

    static let countWorking = "SELECT count(*) FROM jobs INDEXED BY jobs_lane WHERE tenant_id = ?1 AND phase = 0"
    static let countEnding = "SELECT count(*) FROM jobs INDEXED BY jobs_ending WHERE tenant_id = ?1 AND phase IN (1, 2)"
    static let countHeld = "SELECT count(*) FROM jobs INDEXED BY jobs_held WHERE tenant_id = ?1 AND phase = 5"

    static func find(_ id: Int64, _ db: Database) throws -> TenantMerge? {
        try db.sql(select).first(.int(id), map: { row($0) }).map { try counted($0, db) }
    }

    static func allOpen(_ db: Database) throws -> [TenantMerge] {
        try db.sql(open).all { row($0) }.map { try counted($0, db) }
    }

    /// Tenants whose jobs are held.
    static func tenants(_ db: Database) throws -> Set<TenantID> {
        Set(try db.sql(open).all { row($0) }.filter(\.state.holdsJobs).flatMap { [$0.alias, $0.tenantID] })
    }

    static func insert(_ alias: TenantID, _ tenantID: TenantID, at now: Timestamp, _ db: Database) throws -> TenantMerge? {
        try db.sql(insert).first(.tenant(alias), .tenant(tenantID), .int(TenantMerge.State.draining.rawValue), .time(now)) {
            row($0)
        }
    }

    static func write(_ merge: TenantMerge, _ db: Database) throws {
        try db.sql(update).run(
            .int(merge.id), .int(merge.state.rawValue), .time(merge.endedAt), .int(merge.moved), .int(merge.joined),
            .text(merge.error))
        if merge.endedAt != nil { try db.sql(deleteOld).run() }
    }

    /// A state that is none, in a damaged file, is `refused` without an end.
    static func row(_ row: SQLRow) -> TenantMerge {
        var merge = TenantMerge(
            id: row.int64(0), alias: TenantID(row.text(1)), tenantID: TenantID(row.text(2)),
            state: TenantMerge.State(rawValue: row.int(3)) ?? .refused, since: row.time(4))
        merge.endedAt = row.optionalTime(5)
        merge.moved = row.int(6)
        merge.joined = row.int(7)
        merge.error = row.optionalText(8)
        return merge
    }

    /// With the numbers of jobs while these matter.
    static func counted(_ merge: TenantMerge, _ db: Database) throws -> TenantMerge {
        guard merge.state.holdsJobs else { return merge }
        var merge = merge
        for tenantID in [merge.alias, merge.tenantID] {
            func count(_ sql: String) throws -> Int { try db.sql(sql).first(.tenant(tenantID)) { $0.int(0) } ?? 0 }
            merge.openJobs += try count(countWorking) + count(countEnding)
            merge.heldJobs += try count(countHeld)
        }
        return merge
    }
}
