import GRDB
import JobQueue
import SQLiteSupport
import SyncModel

/// A row of `tenant_aliases`.
enum AliasRow {
    static let selectTenant = "SELECT tenant_id FROM tenant_aliases WHERE alias = ?1"
    private static let columns = "seq, alias, tenant_id, origin, since"
    private static let select = "SELECT \(columns) FROM tenant_aliases WHERE alias = ?1"
    static let page = "SELECT \(columns) FROM tenant_aliases WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2"
    /// A tenant has few.
    static let pageOfTenant = """
        SELECT \(columns) FROM tenant_aliases INDEXED BY tenant_aliases_tenant WHERE tenant_id = ?3 AND seq < ?1
        ORDER BY seq DESC LIMIT ?2
        """
    static let delete = "DELETE FROM tenant_aliases WHERE alias = ?1"
    static let giveAll = "UPDATE tenant_aliases SET tenant_id = ?2 WHERE tenant_id = ?1"
    static let selectAliases = """
        SELECT alias FROM tenant_aliases INDEXED BY tenant_aliases_tenant WHERE tenant_id = ?1 ORDER BY alias
        """
    static let anyJob = "SELECT 1 FROM jobs INDEXED BY jobs_tenant WHERE tenant_id = ?1 LIMIT 1"
    static let anyOpenJob = """
        SELECT 1 FROM jobs INDEXED BY jobs_tenant WHERE tenant_id = ?1 AND state IN (\(JobState.openCodes)) LIMIT 1
        """
    private static let insert = "INSERT INTO tenant_aliases (alias, tenant_id, origin, since) VALUES (?1, ?2, ?3, ?4)"

    /// The tenant that a name stands for: one step, so that damaged rows cannot lead in a circle.
    static func tenant(named name: TenantID, _ db: Database) throws -> TenantID {
        try db.sql(selectTenant).first(.tenant(name)) { TenantID($0.text(0)) } ?? name
    }

    /// Whether a job of the tenant was ever accepted: its row is there, or its end, which is kept beyond it.
    static func hasJobs(_ tenantID: TenantID, _ db: Database) throws -> Bool {
        try [anyJob, TenantEnd.isAny].contains { try db.sql($0).first(.tenant(tenantID)) { _ in true } ?? false }
    }

    static func hasOpenJobs(_ tenantID: TenantID, _ db: Database) throws -> Bool {
        try db.sql(anyOpenJob).first(.tenant(tenantID)) { _ in true } ?? false
    }

    static func known(_ name: TenantID, _ db: Database) throws -> KnownName {
        let tenantID = try tenant(named: name, db)
        return KnownName(
            tenantID: tenantID, hasJobs: try hasJobs(tenantID, db),
            aliases: try aliases(of: tenantID, db))
    }

    /// All of them: what is learnt depends on each. There are `TenantAlias.mostOfTenant` at most and one more of each kind.
    static func aliases(of tenantID: TenantID, _ db: Database) throws -> [TenantID] {
        try db.sql(selectAliases).all(.tenant(tenantID)) { TenantID($0.text(0)) }
    }

    static func find(_ alias: TenantID, _ db: Database) throws -> TenantAlias? {
        try db.sql(select).first(.tenant(alias)) { row($0).alias }
    }

    static func row(_ row: SQLRow) -> (seq: Int64, alias: TenantAlias) {
        (
            row.int64(0),
            TenantAlias(
                alias: TenantID(row.text(1)), tenantID: TenantID(row.text(2)),
                origin: TenantAlias.Origin(rawValue: row.int(3)) ?? .set, since: row.time(4))
        )
    }

    static func insert(
        _ alias: TenantID, of tenantID: TenantID, _ origin: TenantAlias.Origin, at moment: Timestamp, _ db: Database
    ) throws {
        try db.sql(insert).run(.tenant(alias), .tenant(tenantID), .int(origin.rawValue), .time(moment))
    }
}
