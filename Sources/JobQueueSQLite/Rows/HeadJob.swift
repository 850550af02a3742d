import GRDB
import JobQueue
import SQLiteSupport
import SyncModel

/// What leasing needs of a tenant's head job: the earliest accepted one that has open batches.
struct HeadJob {
    var seq: Int64
    var id: JobID
    var batchKey: Int64
    var state: JobState
    var operation: Operation
    var syncTime: Timestamp
    var totalUsers: Int
    var batches: Int
    var batchesDone: Int
    var nextBatch: Int
    var deferred: Int
    /// Whether it retries failed users of another job.
    var isRetry: Bool
    /// Whether it names an address for its webhook.
    var hasCallbackURL: Bool

    var openBatches: Int { batches - batchesDone }
    /// True if the first lease must also mark the job as running. A single-batch job skips this; its start is written with its
    /// end or first retry.
    var needsStartWritten: Bool { state == .queued && batches > 1 }

    /// Whether it is a single batch that has not been attempted yet.
    var isSmall: Bool { batches == 1 && batchesDone == 0 && deferred == 0 && state == .queued }

    /// The first `?3` after the number `?2`.
    static let select = """
        SELECT seq, id, batch_key, state, operation, sync_time, total_users, batches, batches_done, next_batch, deferred,
            retry_of IS NOT NULL, callback_url IS NOT NULL
        FROM jobs INDEXED BY jobs_lane WHERE tenant_id = ?1 AND phase = 0 AND seq > ?2 ORDER BY seq LIMIT ?3
        """
    static let firstSeq = "SELECT seq FROM jobs INDEXED BY jobs_lane WHERE tenant_id = ?1 AND phase = 0 ORDER BY seq LIMIT 1"
    static let exists = "SELECT 1 FROM jobs INDEXED BY jobs_lane WHERE tenant_id = ?1 AND phase = 0 LIMIT 1"
    private static let start = "UPDATE jobs SET state = 1, started_at = ?2 WHERE seq = ?1 AND state = 0"
    /// Deferred users became batches, or were cancelled.
    static let addCut = """
        UPDATE jobs SET batches = \(Figure.plausible("batches")) + ?2, deferred = \(Figure.plausible("deferred")) - ?3,
            cancelled = \(Figure.plausible("cancelled")) + ?4
        WHERE seq = ?1
        """

    /// Records that a queued job was started.
    static func writeStart(_ seq: Int64, at start: Timestamp, in context: WriteContext) throws {
        try context.sql(Self.start).run(.int(seq), .time(start))
        context.count { $0.start() }
    }

    /// Whether a tenant has any.
    static func exists(_ tenantID: TenantID, _ db: Database) throws -> Bool {
        try db.sql(exists).first(.tenant(tenantID)) { _ in true } ?? false
    }

    static func find(_ tenantID: TenantID, _ db: Database) throws -> HeadJob? {
        try next(of: tenantID, after: 0, limit: 1, db).first
    }

    /// The tenant's next jobs that have open batches, up to one whose id cannot be read: no other may overtake it.
    static func next(of tenantID: TenantID, after seq: Int64, limit: Int, _ db: Database) throws -> [HeadJob] {
        let jobs = try db.sql(select).all(.tenant(tenantID), .int(seq), .int(limit)) { row in
            JobID(stored: row.text(1)).map { id in
                HeadJob(
                    seq: row.int64(0), id: id, batchKey: row.int64(2), state: JobState(code: row.int(3)),
                    operation: Operation(code: row.int(4)), syncTime: row.time(5), totalUsers: row.int(6), batches: row.int(7),
                    batchesDone: row.int(8), nextBatch: row.int(9), deferred: row.int(10), isRetry: row.int(11) != 0,
                    hasCallbackURL: row.int(12) != 0)
            }
        }
        return jobs.prefix { $0 != nil }.compactMap { $0 }
    }
}

/// A batch that can be leased.
struct OpenBatch {
    var number: Int
    var pass: BatchPass
    var attempts: Int
    var payload: BatchPayload

    /// A batch whose payload is lost arrives empty instead of never: its job ends, and its users count as cancelled unless the
    /// directory's ledger knows them.
    static let select = """
        SELECT b.id, b.pass, b.attempts, b.users, p.records
        FROM batches b LEFT JOIN payloads p ON p.id = b.id
        WHERE b.id >= ?1 AND b.id <= ?2 AND b.done = 0 ORDER BY b.id LIMIT ?3
        """

    private static let selectNumbers = "SELECT id FROM batches WHERE id >= ?1 AND id <= ?2 AND done = 0 ORDER BY id LIMIT ?3"

    /// Numbers of a job's open batches, from a given one on.
    static func numbers(of batchKey: Int64, from number: Int, limit: Int, _ db: Database) throws -> [Int] {
        try db.sql(selectNumbers).all(
            .int(BatchName.id(key: batchKey, number: number)), .int(BatchName.bounds(key: batchKey).last), .int(limit)
        ) {
            BatchName.number(of: $0.int64(0))
        }
    }

    /// The number of a job's first open batch, from a given one on; `nil` if there is none.
    static func first(of batchKey: Int64, from number: Int, _ db: Database) throws -> Int? {
        try numbers(of: batchKey, from: number, limit: 1, db).first
    }

    private static let selectLastPass = "SELECT pass FROM batches WHERE id >= ?1 AND id <= ?2 ORDER BY id DESC LIMIT 1"

    /// Whether a job's last pass has begun: some of its batches consist of users that waited.
    static func isLastPass(_ row: JobRow, _ db: Database) throws -> Bool {
        let bounds = BatchName.bounds(key: row.batchKey)
        return try db.sql(selectLastPass).first(.int(bounds.first), .int(bounds.last)) { $0.int(0) }
            == BatchPass.conflicts.rawValue
    }

    private static let selectRow = "SELECT id, pass, attempts, users FROM batches WHERE id = ?1"
    private static let selectRecords = "SELECT records FROM payloads WHERE id = ?1"

    private init(_ row: SQLRow, _ records: [UInt8]) {
        number = BatchName.number(of: row.int64(0))
        pass = BatchPass(rawValue: row.int(1)) ?? .first
        attempts = row.int(2)
        payload = BatchPayload(bytes: records, count: records.isEmpty ? 0 : row.int(3))
    }

    static func next(_ job: HeadJob, from number: Int, limit: Int, _ db: Database) throws -> [OpenBatch] {
        do {
            return try db.sql(select).all(
                .int(BatchName.id(key: job.batchKey, number: number)), .int(BatchName.bounds(key: job.batchKey).last), .int(limit)
            ) { OpenBatch($0, $0.bytes(4)) }
        } catch  where SQLiteFailure(error)?.isOfDamage == true {
            return try numbers(of: job.batchKey, from: number, limit: limit, db).compactMap { number in
                try readable(BatchName.id(key: job.batchKey, number: number), db)
            }
        }
    }

    /// A batch whose payload may be damaged: as one whose payload is lost, then.
    private static func readable(_ id: Int64, _ db: Database) throws -> OpenBatch? {
        var records: [UInt8] = []
        do {
            records = try db.sql(selectRecords).first(.int(id)) { $0.bytes(0) } ?? []
        } catch  where SQLiteFailure(error)?.isOfDamage == true {
            records = []
        }
        return try db.sql(selectRow).first(.int(id)) { OpenBatch($0, records) }
    }

    private static let selectLast = "SELECT id FROM batches WHERE id >= ?1 AND id <= ?2 ORDER BY id DESC LIMIT 1"

    /// The number that the next new batch of a job gets: whatever its row says, it is one that no batch has.
    static func nextNumber(of batchKey: Int64, _ db: Database) throws -> Int {
        let bounds = BatchName.bounds(key: batchKey)
        let last = try db.sql(selectLast).first(.int(bounds.first), .int(bounds.last)) { BatchName.number(of: $0.int64(0)) }
        return (last ?? -1) + 1
    }
}

/// Records that wait for a job's last pass (or for a retry of failed users), in index order.
enum DeferredRow {
    static let insert = "INSERT OR REPLACE INTO deferred (batch_key, user_index, record) VALUES (?1, ?2, ?3)"
    static let select = "SELECT user_index, record FROM deferred WHERE batch_key = ?1 ORDER BY user_index LIMIT ?2"
    static let deleteUpTo = "DELETE FROM deferred WHERE batch_key = ?1 AND user_index <= ?2"
    static let deleteSome = """
        DELETE FROM deferred WHERE batch_key = ?1
            AND user_index IN (SELECT user_index FROM deferred WHERE batch_key = ?1 LIMIT ?2)
        """
}
