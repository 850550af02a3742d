import GRDB
import JobQueue
import SQLiteSupport
import SyncModel

/// A row of `deliveries`, without its body.
struct DeliveryRow: Sendable {
    var seq: Int64
    var delivery: Delivery

    private static let from = """
        SELECT d.seq, d.id, d.job_id, d.tenant_id, d.type, d.url, d.is_configured_url, d.source, d.traceparent, d.state,
            d.created_at, d.due_at, d.attempts, d.last_attempt_at, d.delivered_at, d.last_status, d.last_error, d.expires_at,
            d.sent_tenant_id
        FROM deliveries d
        """

    static let byID = "\(from) WHERE d.id = ?1"
    static let bySeq = "\(from) WHERE d.seq = ?1"
    static let bodyByID = "SELECT b.body FROM deliveries d JOIN delivery_bodies b ON b.seq = d.seq WHERE d.id = ?1"
    static let due = """
        SELECT due_at, seq FROM deliveries INDEXED BY deliveries_due
        WHERE state = 0 AND destination = ?1 AND due_at <= ?2 ORDER BY due_at LIMIT ?3
        """
    static let dueByID = "SELECT due_at, seq, destination FROM deliveries WHERE id = ?1 AND state = 0 AND due_at <= ?2"
    /// From bytes to bytes.
    static let nextDestination = """
        SELECT CAST(min(destination) AS BLOB) FROM deliveries INDEXED BY deliveries_due
        WHERE state = 0 AND destination > CAST(?1 AS TEXT)
        """
    static let nextDueOf =
        "SELECT min(due_at) FROM deliveries INDEXED BY deliveries_due WHERE state = 0 AND destination = ?1 AND due_at > ?2"
    static let nextDue = "SELECT min(due_at) FROM deliveries INDEXED BY deliveries_due_time WHERE state = 0 AND due_at > ?1"
    static let oldestPending = "SELECT min(created_at) FROM deliveries INDEXED BY deliveries_pending WHERE state = 0"
    static let lastError = """
        SELECT last_error FROM deliveries INDEXED BY deliveries_failing WHERE last_error IS NOT NULL
        ORDER BY last_attempt_at DESC LIMIT 1
        """
    static let ofJob = "\(from) INDEXED BY deliveries_job WHERE d.job_id = ?1 ORDER BY d.seq DESC"
    static let byState =
        "\(from) INDEXED BY deliveries_state WHERE d.state = ?1 AND d.seq < ?2 ORDER BY d.seq DESC LIMIT ?3"
    static let byTenant = """
        \(from) INDEXED BY deliveries_tenant WHERE d.state = ?1 AND d.seq < ?2 AND d.tenant_id = ?4
        ORDER BY d.seq DESC LIMIT ?3
        """

    private static let insert = """
        INSERT INTO deliveries (
            id, job_id, tenant_id, type, url, is_configured_url, source, traceparent, state, created_at, due_at, destination,
            expires_at, sent_tenant_id)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?12, ?11, ?13, ?14)
        """
    private static let insertBody = "INSERT INTO delivery_bodies (seq, body) VALUES (last_insert_rowid(), ?1)"

    static func find(seq: Int64, _ db: Database) throws -> DeliveryRow? {
        try db.sql(bySeq).first(.int(seq)) { DeliveryRow($0) }
    }

    init(_ row: SQLRow) {
        seq = row.int64(0)
        delivery = Delivery(
            what: DeliveryHead(
                id: row.text(1), jobID: row.optionalText(2).flatMap { JobID($0) }, type: row.text(4), url: row.text(5),
                isConfiguredURL: row.int(6) != 0, tenantID: row.optionalText(3).map { TenantID($0) },
                source: row.optionalText(7), traceparent: row.optionalText(8)),
            state: DeliveryState(code: row.int(9)), createdAt: row.time(10), attempts: row.int(12),
            nextAttemptAt: row.optionalTime(11), expiresAt: row.optionalTime(17), lastAttemptAt: row.optionalTime(13),
            deliveredAt: row.optionalTime(14), lastStatus: row.optionalInt(15), lastError: row.optionalText(16))
        delivery.what.sentTenantID = row.optionalText(18).map { TenantID($0) }
    }

    /// Writes a new delivery.
    static func insert(_ new: NewDelivery, now: Timestamp, due: Timestamp?, in context: WriteContext) throws {
        let head = new.head
        try context.sql(insert).run(
            .text(head.id), .text(head.jobID?.text), .tenant(head.tenantID), .text(head.type), .text(head.url),
            .flag(head.isConfiguredURL), .text(head.source), .text(head.traceparent), .int(DeliveryState.pending.code),
            .time(now), .text(head.destination), .time(due), .time(Delivery.end(from: now)),
            .tenant(head.sentTenantID))
        try context.sql(insertBody).run(.bytes(new.body))
        context.count { $0[.pending] += 1 }
    }
}
