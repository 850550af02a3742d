import GRDB
import JobQueue
import SQLiteSupport
import SyncModel

/// What the tables say of a tenant, for comparison with its state in memory. Read on the writing connection, between two commits.
struct TenantFacts {
    /// Whether one of its jobs is in phase `working`.
    var hasWork: Bool
    /// The leases whose batch is no longer open.
    var ended: Set<LeaseID> = []
    /// The jobs, by `seq`, whose backoff is that of a batch that no attempt failed of, or that has ended.
    var notPutOff: Set<Int64> = []

    /// The next tenants with open jobs after a given one, in byte order.
    static let tenants = "SELECT tenant_id FROM tenants WHERE tenant_id > ?1 ORDER BY tenant_id LIMIT ?2"
    static let isOpen = "SELECT 1 FROM batches WHERE id = ?1 AND done = 0"
    /// Whether a batch waits for another attempt. Not by `retry_batch`: of two batches that name keeps the one with the later time,
    /// which memory may have let go when the clock was set.
    static let isPutOff = """
        SELECT 1 FROM jobs, batches WHERE jobs.seq = ?1 AND jobs.phase = 0 AND batches.id = (jobs.batch_key << 20) + ?2
            AND batches.done = 0 AND batches.attempts > 0
        """
    static let cancelling = "SELECT batch_key FROM jobs INDEXED BY jobs_cancelling WHERE phase = 1"

    init(of tenantID: TenantID, beside state: TenantState?, _ db: Database) throws {
        hasWork = try HeadJob.exists(tenantID, db)
        guard let state else { return }
        for (lease, batch) in state.held {
            let name = BatchName.id(key: batch.batchKey, number: batch.number)
            if try db.sql(Self.isOpen).first(.int(name), map: { _ in true }) == nil { ended.insert(lease) }
        }
        for backoff in state.backoffs.values
        where try db.sql(Self.isPutOff).first(.int(backoff.seq), .int(backoff.batch), map: { _ in true }) == nil {
            notPutOff.insert(backoff.seq)
        }
    }
}

/// One difference between memory and tables.
struct TenantFault: Hashable {
    var kind: QueueRepair.Kind
    /// The subject: a lease, a reservation, a job, a batch key; equal for the same fault.
    var number: Int64 = 0
}
