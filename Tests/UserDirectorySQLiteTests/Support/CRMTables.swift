import Testing

/// Tables as a CRM made them by the guide, adapted to SQLite in the ways people do.
struct CRMTables: Sendable, CustomTestStringConvertible {
    var name: String
    var sql: String
    var testDescription: String { name }

    static let columns = """
        name VARCHAR(255) NOT NULL, kinde_user_id VARCHAR(255), tenant_id VARCHAR(255) NOT NULL,
        is_active BOOLEAN DEFAULT true, is_admin BOOLEAN DEFAULT false, department VARCHAR(100), title VARCHAR(100),
        roles JSONB DEFAULT '[]', permissions JSONB DEFAULT '[]', synced_from VARCHAR(50) DEFAULT 'wrapper',
        last_synced_at TIMESTAMP, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
        """
    static let logs = """
        CREATE TABLE sync_logs (id INTEGER PRIMARY KEY AUTOINCREMENT, tenant_id VARCHAR(255) NOT NULL,
          operation VARCHAR(50) NOT NULL, total_users INTEGER NOT NULL, successful INTEGER DEFAULT 0, failed INTEGER DEFAULT 0,
          details JSONB, synced_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
        INSERT INTO sync_logs (tenant_id, operation, total_users) VALUES ('t1', 'user_sync', 3);
        """
    static let indexes = """
        CREATE INDEX idx_users_email ON users(email);
        CREATE INDEX idx_users_tenant_id ON users(tenant_id);
        CREATE INDEX idx_users_kinde_user_id ON users(kinde_user_id);
        """
    /// Two rows that differ in case only, one plain; ids with gaps.
    static let rows = """
        INSERT INTO users (id, email, name, tenant_id, department) VALUES (3, 'Bob@x.example', 'Bob', 't1', 'Sales');
        INSERT INTO users (id, email, name, tenant_id) VALUES (7, 'bob@x.example', 'Small Bob', 't1');
        INSERT INTO users (id, email, name, tenant_id) VALUES (8, 'gone@x.example', 'Gone', 't1');
        INSERT INTO users (id, email, name, tenant_id, roles) VALUES (5, 'ann@x.example', 'Ann', 't2', '["a", "b"]');
        DELETE FROM users WHERE id = 8;
        """

    static let guide = CRMTables(
        name: "the guide's tables",
        sql: """
            CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, email VARCHAR(255) UNIQUE NOT NULL, \(columns));
            \(indexes) \(logs) \(rows)
            """)

    static let all = [
        guide,
        CRMTables(
            name: "no AUTOINCREMENT, no indexes, no sync_logs",
            sql: "CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(255) NOT NULL UNIQUE, \(columns)); \(rows)"),
        CRMTables(
            name: "a named constraint at the end, names quoted, comments",
            sql: """
                CREATE TABLE IF NOT EXISTS "Users" ( -- people, UNIQUE ones
                  [id] INTEGER PRIMARY KEY AUTOINCREMENT, "Email" TEXT NOT NULL /* UNIQUE, see below */, \(columns),
                  CONSTRAINT uq_email UNIQUE ("email") ON CONFLICT ABORT, CHECK (length(name) > 0));
                \(indexes) \(logs) \(rows)
                """),
        CRMTables(
            name: "UNIQUE as an index, the way some tools write it",
            sql: """
                CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, email VARCHAR(255) NOT NULL, \(columns));
                CREATE UNIQUE INDEX users_email_unique ON users(email); \(indexes) \(logs) \(rows)
                """),
        CRMTables(
            name: "a CRM's own columns, constraints, triggers, views, keys and indexes",
            sql: """
                CREATE TABLE regions (code TEXT PRIMARY KEY);
                INSERT INTO regions VALUES ('eu');
                CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT,
                  email VARCHAR(255) CONSTRAINT email_once UNIQUE NOT NULL CHECK (email LIKE '%@%'), \(columns),
                  phone TEXT DEFAULT 'none' COLLATE NOCASE, region TEXT DEFAULT 'eu' REFERENCES regions(code),
                  shown TEXT GENERATED ALWAYS AS (name || ' <' || email || '>') VIRTUAL, manager INTEGER REFERENCES users(id),
                  UNIQUE (phone, email, tenant_id), CHECK (is_active IN (0, 1)) FOREIGN KEY (manager) REFERENCES users(id));
                \(indexes) \(logs)
                CREATE INDEX crm_phone ON users(phone) WHERE phone <> 'none';
                CREATE TABLE notes (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users(id) ON DELETE CASCADE, text TEXT);
                CREATE TABLE audit (at TEXT, what TEXT);
                CREATE TRIGGER crm_audit AFTER UPDATE OF name ON users BEGIN
                  INSERT INTO audit VALUES ("now", NEW.name); END;
                CREATE TRIGGER crm_note AFTER INSERT ON notes BEGIN UPDATE users SET title = NEW.text WHERE id = NEW.user_id; END;
                CREATE VIEW people AS SELECT id, name FROM users WHERE is_active;
                CREATE TRIGGER crm_people INSTEAD OF INSERT ON people BEGIN SELECT 1; END;
                CREATE VIEW broken AS SELECT * FROM nowhere;
                \(rows)
                INSERT INTO notes (user_id, text) VALUES (3, 'likes tea'), (999, 'an orphan from before');
                """),
    ]
}
