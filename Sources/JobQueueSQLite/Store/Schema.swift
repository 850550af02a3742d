import GRDB
import JobQueue
import SyncModel

/// The tables of the queue's file.
///
/// Large columns are in separate tables (`payloads`, `results`, `delivery_bodies`): SQLite rewrites a row, including its overflow
/// pages, whenever any of its columns changes. Batches are identified by one integer, `batch key << 20 | number`, so that those
/// of a job are adjacent and new ones are appended at the right edge. A batch key is assigned before the job exists
/// (`openUpload`), `seq` when it is accepted; both come from one counter.
enum Schema {
    /// `PRAGMA application_id`: "usyq".
    static let applicationID: Int64 = 0x7573_7971
    static let version: Int64 = 6
    /// Earlier versions that `upgrade` knows.
    static let upgradable = 1..<version

    /// Creates the tables in an empty file.
    static func create(_ db: Database) throws {
        try db.execute(sql: tables)
        try db.execute(sql: ends)
        try db.execute(sql: dueTimes)
        try db.execute(sql: lifetimes)
        try db.execute(sql: aliases)
        try db.execute(sql: merges)
        try db.execute(sql: "PRAGMA application_id = \(applicationID); PRAGMA user_version = \(version)")
    }

    private static let tables = """
        CREATE TABLE jobs (
            seq INTEGER PRIMARY KEY,  -- the order of acceptance
            id TEXT NOT NULL,
            batch_key INTEGER NOT NULL,
            phase INTEGER NOT NULL,  -- JobPhase
            state INTEGER NOT NULL,
            operation INTEGER NOT NULL,
            tenant_id TEXT NOT NULL,
            tenant_name TEXT NOT NULL,
            source TEXT NOT NULL,
            cancel_requested INTEGER NOT NULL DEFAULT 0,
            sync_time INTEGER NOT NULL,
            accepted_at INTEGER NOT NULL,
            started_at INTEGER,
            ended_at INTEGER,
            total_users INTEGER NOT NULL,
            batches INTEGER NOT NULL,
            batches_done INTEGER NOT NULL DEFAULT 0,
            next_batch INTEGER NOT NULL DEFAULT 0,  -- no batch below it is open
            deferred INTEGER NOT NULL DEFAULT 0,  -- users that wait for the last pass, not cut into batches yet
            created INTEGER NOT NULL DEFAULT 0,
            updated INTEGER NOT NULL DEFAULT 0,
            unchanged INTEGER NOT NULL DEFAULT 0,
            stale INTEGER NOT NULL DEFAULT 0,
            removed INTEGER NOT NULL DEFAULT 0,
            failed INTEGER NOT NULL DEFAULT 0,
            cancelled INTEGER NOT NULL DEFAULT 0,
            retry_batch INTEGER,
            retry_at INTEGER,
            request_id TEXT NOT NULL,
            callback_url TEXT,
            traceparent TEXT,
            sync_type TEXT,
            reason TEXT,
            retry_of TEXT,
            warnings TEXT,  -- JSON, as are the next two
            failed_codes TEXT,
            attempts TEXT,
            error TEXT,
            sequence INTEGER  -- its place among the ends of its tenant's jobs
        ) STRICT;
        CREATE UNIQUE INDEX jobs_id ON jobs (id);
        -- With phase, or SQLite reads the row to make sure of it.
        CREATE INDEX jobs_lane ON jobs (tenant_id, seq, phase) WHERE phase = 0;
        CREATE INDEX jobs_cancelling ON jobs (phase) WHERE phase = 1;
        CREATE INDEX jobs_endable ON jobs (phase) WHERE phase = 2;
        CREATE INDEX jobs_ledger ON jobs (phase) WHERE phase = 3;
        CREATE INDEX jobs_ended ON jobs (ended_at) WHERE phase = 4;
        CREATE INDEX jobs_backoff ON jobs (retry_at) WHERE retry_at IS NOT NULL;
        CREATE INDEX jobs_retry_of ON jobs (retry_of) WHERE retry_of IS NOT NULL;
        CREATE INDEX jobs_state ON jobs (state, accepted_at);
        CREATE INDEX jobs_tenant ON jobs (tenant_id, state, accepted_at, seq, source);
        CREATE INDEX jobs_source ON jobs (source, state, accepted_at);

        CREATE TABLE batches (
            id INTEGER PRIMARY KEY,
            first_index INTEGER NOT NULL,
            last_index INTEGER NOT NULL,
            users INTEGER NOT NULL,
            pass INTEGER NOT NULL DEFAULT 0,
            done INTEGER NOT NULL DEFAULT 0,  -- 1: applied, 2: dropped
            failed INTEGER NOT NULL DEFAULT 0,
            created INTEGER NOT NULL DEFAULT 0,
            attempts INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        -- Records of the users of open batches, and of those that failed.
        CREATE TABLE payloads (id INTEGER PRIMARY KEY, records BLOB NOT NULL) STRICT;
        CREATE TABLE results (id INTEGER PRIMARY KEY, results BLOB NOT NULL) STRICT;
        -- Records that wait to be cut into batches in index order.
        CREATE TABLE deferred (
            batch_key INTEGER NOT NULL,
            user_index INTEGER NOT NULL,
            record BLOB NOT NULL,
            PRIMARY KEY (batch_key, user_index)
        ) STRICT, WITHOUT ROWID;
        -- What no job names, by batch key: uploads under way, and what is being deleted. Swept at start.
        CREATE TABLE leftovers (
            batch_key INTEGER PRIMARY KEY,
            kind INTEGER NOT NULL,  -- OrphanKind
            batches INTEGER NOT NULL DEFAULT 0,
            users INTEGER NOT NULL DEFAULT 0
        ) STRICT;

        CREATE TABLE idempotency (
            id INTEGER PRIMARY KEY,
            tenant_id TEXT NOT NULL,
            path TEXT NOT NULL,
            key TEXT NOT NULL,
            body_hash BLOB NOT NULL,
            job_id TEXT NOT NULL,
            accepted_at INTEGER NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX idempotency_key ON idempotency (tenant_id, path, key);
        CREATE INDEX idempotency_age ON idempotency (accepted_at);

        CREATE TABLE deliveries (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL,
            job_id TEXT,
            tenant_id TEXT,
            type TEXT NOT NULL,
            url TEXT NOT NULL,
            -- Scheme, host and port of the url: what has room or not for another attempt.
            destination TEXT NOT NULL,
            is_configured_url INTEGER NOT NULL,
            source TEXT,
            traceparent TEXT,
            state INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            due_at INTEGER,
            attempts INTEGER NOT NULL DEFAULT 0,
            last_attempt_at INTEGER,
            delivered_at INTEGER,
            last_status INTEGER,
            last_error TEXT,
            expires_at INTEGER  -- dead from then on if it is still pending
        ) STRICT;
        CREATE UNIQUE INDEX deliveries_id ON deliveries (id);
        CREATE INDEX deliveries_pending ON deliveries (created_at) WHERE state = 0;
        CREATE INDEX deliveries_failing ON deliveries (last_attempt_at) WHERE last_error IS NOT NULL;
        CREATE INDEX deliveries_job ON deliveries (job_id) WHERE job_id IS NOT NULL;
        CREATE INDEX deliveries_loose ON deliveries (created_at) WHERE job_id IS NULL;
        CREATE INDEX deliveries_state ON deliveries (state);
        CREATE INDEX deliveries_tenant ON deliveries (tenant_id, state);
        CREATE TABLE delivery_bodies (seq INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;

        CREATE TABLE tenants (
            tenant_id TEXT PRIMARY KEY,
            open_jobs INTEGER NOT NULL,
            pending_users INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX tenants_backlog ON tenants (pending_users);

        CREATE TABLE counters (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            queued INTEGER NOT NULL DEFAULT 0,
            running INTEGER NOT NULL DEFAULT 0,
            completed INTEGER NOT NULL DEFAULT 0,
            completed_with_errors INTEGER NOT NULL DEFAULT 0,
            failed INTEGER NOT NULL DEFAULT 0,
            cancelled INTEGER NOT NULL DEFAULT 0,
            pending_users INTEGER NOT NULL DEFAULT 0,
            deliveries_pending INTEGER NOT NULL DEFAULT 0,
            deliveries_delivered INTEGER NOT NULL DEFAULT 0,
            deliveries_dead INTEGER NOT NULL DEFAULT 0,
            webhook_order INTEGER NOT NULL DEFAULT 0  -- by which deliveries have due times: 1, those of a tenant in order
        ) STRICT;
        INSERT INTO counters (id) VALUES (1);
        """
}

/// What remains of a batch key that belongs to no job (any more).
enum OrphanKind: Int {
    /// Batches, payloads, results, deferred records.
    case everything = 0
    /// Only the deferred records: the job is kept.
    case deferred = 1
}
