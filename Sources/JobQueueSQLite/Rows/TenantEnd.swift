import GRDB
import SQLiteSupport
import SyncModel

/// The last end of a tenant's jobs. It outlives pruned jobs: a number is never used twice.
///
/// A name of which no job has ended has one too if its first number must be above those of another tenant; its time is 0 then.
struct TenantEnd: Sendable {
    var sequence: Int64
    var endedAt: Timestamp

    private static let select = "SELECT sequence, ended_at FROM tenant_ends WHERE tenant_id = ?1"
    private static let put = """
        INSERT INTO tenant_ends (tenant_id, sequence, ended_at) VALUES (?1, ?2, ?3)
        ON CONFLICT (tenant_id) DO UPDATE SET sequence = excluded.sequence, ended_at = excluded.ended_at
        """
    static let isAny = "SELECT 1 FROM tenant_ends WHERE tenant_id = ?1 AND ended_at > 0"
    private static let raise = """
        INSERT INTO tenant_ends (tenant_id, sequence, ended_at) VALUES (?1, ?2, 0)
        ON CONFLICT (tenant_id) DO UPDATE SET sequence = max(sequence, excluded.sequence)
        """

    static func last(of tenantID: TenantID, _ db: Database) throws -> TenantEnd? {
        try db.sql(select).first(.tenant(tenantID)) { TenantEnd(sequence: Int64($0.int(0)), endedAt: $0.time(1)) }
    }

    /// Makes the numbers of a tenant's jobs go on above another one's. That is no end of its jobs.
    static func raise(_ tenantID: TenantID, above sequence: Int64, _ db: Database) throws {
        try db.sql(raise).run(.tenant(tenantID), .int(sequence))
    }

    func write(of tenantID: TenantID, _ db: Database) throws {
        try db.sql(Self.put).run(.tenant(tenantID), .int(sequence), .time(endedAt))
    }
}
