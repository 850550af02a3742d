import GRDB
import SQLiteSupport
import SyncModel

/// The last end of a tenant's jobs. It outlives pruned jobs: a number is never used twice.
struct TenantEnd: Sendable {
    var sequence: Int64
    var endedAt: Timestamp

    private static let select = "SELECT sequence, ended_at FROM tenant_ends WHERE tenant_id = ?1"
    private static let put = """
        INSERT INTO tenant_ends (tenant_id, sequence, ended_at) VALUES (?1, ?2, ?3)
        ON CONFLICT (tenant_id) DO UPDATE SET sequence = excluded.sequence, ended_at = excluded.ended_at
        """

    static func last(of tenantID: TenantID, _ db: Database) throws -> TenantEnd? {
        try db.sql(select).first(.tenant(tenantID)) { TenantEnd(sequence: Int64($0.int(0)), endedAt: $0.time(1)) }
    }

    func write(of tenantID: TenantID, _ db: Database) throws {
        try db.sql(Self.put).run(.tenant(tenantID), .int(sequence), .time(endedAt))
    }
}
