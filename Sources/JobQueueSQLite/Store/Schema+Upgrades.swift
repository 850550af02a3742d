import GRDB
import JobQueue
import SyncModel

/// What later versions added, and how files of earlier ones get it.
extension Schema {
    /// Upgrades a file of an earlier version to this one, inside the caller's transaction; what waits in it is kept.
    /// - Parameter version: one of `upgradable`.
    static func upgrade(_ db: Database, from version: Int64, now: Timestamp) throws {
        if version < 2 {
            try db.execute(sql: "ALTER TABLE jobs ADD COLUMN sequence INTEGER")
            try db.execute(sql: ends)
            try db.execute(sql: numberEnds)
        }
        if version < 4 {
            try db.execute(sql: "DROP INDEX deliveries_due")
            try db.execute(sql: dueTimes)
            try db.execute(sql: "ALTER TABLE counters ADD COLUMN webhook_order INTEGER NOT NULL DEFAULT 0")
            try db.execute(sql: "ALTER TABLE deliveries ADD COLUMN expires_at INTEGER")
            try db.execute(
                sql: limitLifetimes, arguments: [now.advanced(bySeconds: shortestLifetime).microseconds])
            try db.execute(sql: lifetimes)
            try renameDestinations(db)
        }
        if version < 5 { try db.execute(sql: aliases) }
        if version < 6 { try db.execute(sql: merges) }
        // Since version 3 records have a format, which an earlier version would not see. Those that are there are of format 0 and stay
        // as they are.
        try db.execute(sql: "PRAGMA user_version = \(Self.version)")
    }

    /// Since version 4 a destination has one name, however its addresses are written.
    private static func renameDestinations(_ db: Database) throws {
        for name in try String.fetchAll(db, sql: "SELECT DISTINCT destination FROM deliveries") {
            let only = DeliveryHead.destination(of: name)
            guard only != name else { continue }
            try db.execute(sql: "UPDATE deliveries SET destination = ? WHERE destination = ?", arguments: [only, name])
        }
    }

    /// Since version 2: holds the order of a tenant's ends.
    static let ends = """
        -- With phase, or SQLite reads the row to make sure of it.
        CREATE INDEX jobs_ending ON jobs (tenant_id, seq, phase) WHERE phase IN (1, 2);
        -- The last end of each tenant's jobs, kept beyond them.
        CREATE TABLE tenant_ends (
            tenant_id TEXT PRIMARY KEY,
            sequence INTEGER NOT NULL,
            ended_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    /// Since version 4: finds what is due without reading rows.
    static let dueTimes = """
        -- With state, or SQLite reads the row to make sure of it.
        CREATE INDEX deliveries_due ON deliveries (destination, due_at, state) WHERE state = 0;
        CREATE INDEX deliveries_due_time ON deliveries (due_at, state) WHERE state = 0;
        """

    /// Jobs that ended before there were numbers get theirs in the order in which they ended.
    private static let numberEnds = """
        UPDATE jobs SET sequence = numbered.number FROM (
            SELECT seq, row_number() OVER (PARTITION BY tenant_id ORDER BY ended_at, seq) AS number FROM jobs WHERE state >= 2
        ) AS numbered WHERE jobs.seq = numbered.seq;
        INSERT INTO tenant_ends (tenant_id, sequence, ended_at)
            SELECT tenant_id, max(sequence), max(ended_at) FROM jobs WHERE sequence IS NOT NULL GROUP BY tenant_id;
        """

    /// Since version 4: pending deliveries by their end, and what was learnt of destinations.
    static let lifetimes = """
        CREATE INDEX deliveries_expiry ON deliveries (expires_at) WHERE state = 0;
        CREATE TABLE destinations (
            destination TEXT PRIMARY KEY,
            rate INTEGER,  -- deliveries in 1,000 seconds
            held_until INTEGER,
            learnt_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX destinations_age ON destinations (learnt_at);
        CREATE INDEX destinations_held ON destinations (held_until) WHERE held_until IS NOT NULL;
        """

    /// Since version 5: names of tenants. A job or delivery without a sent name was sent under its tenant's id.
    static let aliases = """
        ALTER TABLE jobs ADD COLUMN sent_tenant_id TEXT;
        ALTER TABLE deliveries ADD COLUMN sent_tenant_id TEXT;
        CREATE TABLE tenant_aliases (
            seq INTEGER PRIMARY KEY,
            alias TEXT NOT NULL,
            tenant_id TEXT NOT NULL,  -- never an alias of another tenant
            origin INTEGER NOT NULL,  -- TenantAlias.Origin
            since INTEGER NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX tenant_aliases_alias ON tenant_aliases (alias);
        CREATE INDEX tenant_aliases_tenant ON tenant_aliases (tenant_id, alias);
        """

    /// Since version 6: tenants that are made one, and jobs that wait for it.
    static let merges = """
        CREATE TABLE tenant_merges (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            alias TEXT NOT NULL,  -- the tenant that becomes an alias
            tenant_id TEXT NOT NULL,  -- the tenant that it becomes an alias of
            state INTEGER NOT NULL,  -- TenantMerge.State
            since INTEGER NOT NULL,
            ended_at INTEGER,
            moved INTEGER NOT NULL DEFAULT 0,
            joined INTEGER NOT NULL DEFAULT 0,
            error TEXT,
            -- The last ones that may be given to the tenant: later ones came when the name was forgotten again.
            last_job INTEGER,
            last_delivery INTEGER
        ) STRICT;
        CREATE INDEX tenant_merges_open ON tenant_merges (seq) WHERE ended_at IS NULL;
        -- With phase, or SQLite reads the row to make sure of it.
        CREATE INDEX jobs_held ON jobs (tenant_id, seq, phase) WHERE phase = 5;
        """

    /// What waits has the rest of its lifetime from its creation, and a day at least: earlier versions kept it however long it took. A
    /// damaged time must not overflow.
    private static let limitLifetimes = """
        UPDATE deliveries SET expires_at = max(min(created_at, 1 << 62) + \(Int64(DeliverySchedule.lifetime) * 1_000_000), ?1)
            WHERE state = 0
        """
    /// Seconds from an upgrade in which nothing expires that had no end before.
    private static let shortestLifetime: Double = 86_400
}
