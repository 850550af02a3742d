import Foundation
import GRDB
import TestSupport
import Testing
import UserDirectory
import UserDirectoryConformance
import UserDirectorySQLite

@Suite("The schema, looked at from outside")
struct SchemaInspectionTests {
    /// The guide's SQL, in SQLite's words.
    private static let users = """
        CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(255) UNIQUE NOT NULL, name VARCHAR(255) NOT NULL,
        kinde_user_id VARCHAR(255), tenant_id VARCHAR(255) NOT NULL, is_active BOOLEAN DEFAULT true, is_admin BOOLEAN DEFAULT false,
        department VARCHAR(100), title VARCHAR(100), roles JSONB DEFAULT '[]', permissions JSONB DEFAULT '[]',
        synced_from VARCHAR(50) DEFAULT 'wrapper', last_synced_at TIMESTAMP, created_at TIMESTAMP, updated_at TIMESTAMP)
        """
    private static let logs = """
        CREATE TABLE sync_logs (id INTEGER PRIMARY KEY, tenant_id VARCHAR(255) NOT NULL, operation VARCHAR(50) NOT NULL,
        total_users INTEGER NOT NULL, successful INTEGER DEFAULT 0, failed INTEGER DEFAULT 0, details JSONB, synced_at TIMESTAMP)
        """

    /// What is found in a database made by these statements; `nil`: no file.
    private func find(_ statements: [String]?) throws -> SchemaInspection.Finding {
        let folder = try TemporaryDirectory()
        defer { withExtendedLifetime(folder) {} }
        let path = folder.path + "/crm.sqlite"
        if let statements {
            let database = try DatabaseQueue(path: path)
            try database.write { database in
                for statement in statements { try database.execute(sql: statement) }
            }
            try database.close()
        }
        return try SchemaInspection.inspect(path: path)
    }

    @Test("no file, an empty database and one with the guide's tables are told apart")
    func findings() throws {
        #expect(try find(nil) == .absent)
        #expect(try find([]) == .missing(tables: ["users", "sync_logs"]))
        #expect(try find([Self.users]) == .missing(tables: ["sync_logs"]))
        guard case .upgradable(let columns) = try find([Self.users, Self.logs]) else {
            Issue.record("the guide's tables can be upgraded")
            return
        }
        #expect(columns.first == "users.wrapper_user_id" && columns.last == "sync_logs.job_id")
        let upgrade = columns.map { column in
            let parts = column.split(separator: ".")
            return "ALTER TABLE \(parts[0]) ADD COLUMN \(parts[1]) TEXT"
        }
        #expect(try find([Self.users, Self.logs] + upgrade) == .ready)
    }

    @Test("tables of somebody else are not taken for the guide's")
    func foreign() throws {
        #expect(try find(["CREATE TABLE users (id INTEGER PRIMARY KEY, login TEXT)", Self.logs]).isForeign)
        let lacking = Self.users.replacingOccurrences(of: "title VARCHAR(100), ", with: "")
        #expect(try find([lacking, Self.logs]) == .foreign(columns: ["users.title"]))
    }

    @Test("ids that the start would refuse to compare are named")
    func collations() throws {
        let odd = Self.users.replacingOccurrences(of: "tenant_id VARCHAR(255)", with: "tenant_id VARCHAR(255) COLLATE NOCASE")
        #expect(try find([odd, Self.logs]) == .unfit(columns: ["users.tenant_id"]))
        #expect(try find([odd]) == .unfit(columns: ["users.tenant_id"]))
    }

    @Test("a pipe, which could be opened without end, and a device are errors")
    func noFile() throws {
        let folder = try TemporaryDirectory()
        #expect(mkfifo(folder.path + "/pipe", 0o600) == 0)
        for path in [folder.path, folder.path + "/pipe", "/dev/null"] {
            #expect(throws: DirectoryError.self) { try SchemaInspection.inspect(path: path) }
        }
    }

    @Test("a file that is no database is an error, and is left as it is")
    func noDatabase() throws {
        let folder = try TemporaryDirectory()
        let text = String(repeating: "this is no database. ", count: 100)
        let path = try folder.write("crm.sqlite", text)
        #expect(throws: DirectoryError.self) { try SchemaInspection.inspect(path: path) }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
    }
}

extension SchemaInspection.Finding {
    fileprivate var isForeign: Bool {
        if case .foreign = self { true } else { false }
    }
}
