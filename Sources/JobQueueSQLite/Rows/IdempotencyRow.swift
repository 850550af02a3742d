import GRDB
import JobQueue
import SQLiteSupport
import SyncModel

/// What is stored under an `Idempotency-Key`.
struct IdempotencyRow: Sendable {
    var jobID: JobID
    var bodyHash: [UInt8]

    /// How long a key is kept, in seconds.
    static let lifetime: Double = 24 * 3600

    private static let select = """
        SELECT job_id, body_hash FROM idempotency WHERE tenant_id = ?1 AND path = ?2 AND key = ?3 AND accepted_at > ?4
        """
    /// Replaces only an expired record.
    private static let insert = """
        INSERT INTO idempotency (tenant_id, path, key, body_hash, job_id, accepted_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        ON CONFLICT (tenant_id, path, key) DO UPDATE
            SET body_hash = excluded.body_hash, job_id = excluded.job_id, accepted_at = excluded.accepted_at
            WHERE accepted_at <= ?7
        """

    static let deleteExpired = "DELETE FROM idempotency WHERE accepted_at <= ?2 AND tenant_id = ?1"
    /// Makes a tenant's keys those of another. One that both have used stays: it means the other's.
    static let giveAll = "UPDATE OR IGNORE idempotency SET tenant_id = ?2 WHERE tenant_id = ?1"

    static func find(
        _ tenantID: TenantID, _ path: String, _ key: String, now: Timestamp, _ db: Database
    ) throws -> IdempotencyRow? {
        try db.sql(select).first(
            .tenant(tenantID), .text(path), .text(key), .time(now.advanced(bySeconds: -lifetime))
        ) { row in
            JobID(row.text(0)).map { IdempotencyRow(jobID: $0, bodyHash: row.bytes(1)) }
        } ?? nil
    }

    /// - Throws: `QueueError.claimLost` if a job was already accepted under the key: by another name of the tenant, since the claim.
    static func record(_ key: NewJob.Idempotency, of tenantID: TenantID, job: JobID, at moment: Timestamp, _ db: Database) throws
    {
        try db.sql(insert).run(
            .tenant(tenantID), .text(key.claim.path), .text(key.claim.key), .bytes(key.bodyHash), .text(job.text),
            .time(moment),
            .time(moment.advanced(bySeconds: -lifetime)))
        guard db.changesCount == 1 else { throw QueueError.claimLost }
    }
}
