import Foundation
import GRDB
import ServerTestSupport
import TestSupport
import Testing

@Suite("A users table that was there before")
struct OlderTableTests {
    /// The guide's SQL; SERIAL, NOW() and nothing else said as SQLite says it.
    private static let guidesTables = """
        CREATE TABLE users (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          email VARCHAR(255) UNIQUE NOT NULL,
          name VARCHAR(255) NOT NULL,
          kinde_user_id VARCHAR(255),
          tenant_id VARCHAR(255) NOT NULL,
          is_active BOOLEAN DEFAULT true,
          is_admin BOOLEAN DEFAULT false,
          department VARCHAR(100),
          title VARCHAR(100),
          roles JSONB DEFAULT '[]',
          permissions JSONB DEFAULT '[]',
          synced_from VARCHAR(50) DEFAULT 'wrapper',
          last_synced_at TIMESTAMP,
          created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
          updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
        );
        CREATE INDEX idx_users_email ON users(email);
        CREATE INDEX idx_users_tenant_id ON users(tenant_id);
        CREATE INDEX idx_users_kinde_user_id ON users(kinde_user_id);
        CREATE TABLE sync_logs (
          id INTEGER PRIMARY KEY AUTOINCREMENT, tenant_id VARCHAR(255) NOT NULL, operation VARCHAR(50) NOT NULL,
          total_users INTEGER NOT NULL, successful INTEGER DEFAULT 0, failed INTEGER DEFAULT 0, details JSONB,
          synced_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
        );
        INSERT INTO users (email, name, tenant_id, is_admin) VALUES
          ('ada@x.io', 'lower', 't1', true), ('Ada@x.io', 'mixed', 't1', false), ('Bob@x.io', 'bob', 't1', false),
          ('EVE@x.io', 'eve, other tenant', 't9', false);
        INSERT INTO sync_logs (tenant_id, operation, total_users) VALUES ('t1', 'user_sync', 3);
        """

    private func prepare(_ data: URL) throws {
        let other = try OtherProcess(path: data.appending(path: "crm.sqlite").path)
        try other.execute(Self.guidesTables)
        try other.close()
    }

    @Test("a table of the guide's SQL is upgraded in place and keeps its rows, twins that differ in case included")
    func upgraded() async throws {
        try await TestServer.run(prepare: prepare) { server in
            #expect(try server.rows("SELECT name FROM users").count == 4)
            let json = try await server.synced([
                Bodies.user("u1", "Ada@x.io", name: "Exact"), Bodies.user("u2", "ADA@x.io", name: "Lowest"),
                Bodies.user("u3", "bob@X.io", name: "Bob"), Bodies.user("u4", "eve@x.io"), Bodies.user("u5", "new@x.io"),
            ])
            #expect(json.results.array.map(\.outcome.string) == ["updated", "updated", "updated", "failed", "created"])
            #expect(json.results[3].code.string == "email_in_other_tenant")
            let rows = try server.rows("SELECT id, name, wrapper_user_id, is_admin FROM users ORDER BY id")
            #expect(rows.map { $0["name"] as String } == ["Lowest", "Exact", "Bob", "eve, other tenant", "Some Name"])
            #expect(rows[0]["wrapper_user_id"] == "u2")
            #expect(rows[1]["wrapper_user_id"] == "u1")
            #expect(rows[0]["is_admin"] == true)
            #expect(try server.rows("SELECT job_id FROM sync_logs ORDER BY id").count == 2)
        }
    }

    @Test("with EMAIL_SCOPE=tenant the guide's UNIQUE goes, rows and other processes' triggers stay")
    func changedOver() async throws {
        func withTrigger(_ data: URL) throws {
            try prepare(data)
            let other = try OtherProcess(path: data.appending(path: "crm.sqlite").path)
            try other.execute(
                """
                CREATE TABLE seen (name TEXT);
                CREATE TRIGGER users_seen AFTER INSERT ON users BEGIN INSERT INTO seen VALUES (NEW.name); END;
                """)
            try other.close()
        }
        try await TestServer.run(["EMAIL_SCOPE": "tenant"], prepare: withTrigger) { server in
            let json = try await server.synced([Bodies.user("u4", "eve@x.io", name: "Mine")])
            #expect(json.results[0].outcome.string == "created")
            #expect(try server.rows("SELECT id FROM users").count == 5)
            #expect(try server.rows("SELECT name FROM seen").map { $0["name"] as String } == ["Mine"])
        }
    }

    @Test("a table that lacks a column of the guide's stops the start, naming what to add")
    func unusable() async throws {
        func prepare(_ data: URL) throws {
            let other = try OtherProcess(path: data.appending(path: "crm.sqlite").path)
            try other.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT)")
            try other.close()
        }
        let error = try await #require(throws: (any Error).self) {
            let nothing: Void = try await TestServer.run(prepare: prepare) { _ in }
            return nothing
        }
        #expect("\(error)".contains("tenant_id") && "\(error)".contains("ALTER TABLE users ADD COLUMN"))
    }
}
