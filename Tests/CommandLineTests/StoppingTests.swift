import Foundation
import ServerTestSupport
import TestSupport
import Testing

@Suite("A process that is told to stop")
struct StoppingTests {
    /// The guide's table with a check that takes some 30 ms for each of its rows: to make it anew takes minutes.
    private static let slowTable = [
        "PRAGMA ignore_check_constraints = ON",
        """
        CREATE TABLE users (
          id INTEGER PRIMARY KEY AUTOINCREMENT, email VARCHAR(255) UNIQUE NOT NULL, name VARCHAR(255) NOT NULL,
          kinde_user_id VARCHAR(255), tenant_id VARCHAR(255) NOT NULL, is_active BOOLEAN DEFAULT true,
          is_admin BOOLEAN DEFAULT false, department VARCHAR(100), title VARCHAR(100), roles JSONB DEFAULT '[]',
          permissions JSONB DEFAULT '[]', synced_from VARCHAR(50) DEFAULT 'wrapper', last_synced_at TIMESTAMP,
          created_at TIMESTAMP, updated_at TIMESTAMP, CHECK (length(hex(zeroblob(20000000 + id))) > 0)
        )
        """,
        """
        WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 20000)
        INSERT INTO users (email, name, tenant_id) SELECT 'u' || x || '@x.io', 'User', 't1' FROM n
        """,
    ]

    @Test("SIGTERM is obeyed while a large table is upgraded, and leaves it as it was", .timeLimit(.minutes(5)))
    func whileItStarts() async throws {
        try await TestServer.inFolder { folder, receiver in
            let path = folder.appending(path: "data/crm.sqlite").path
            let crm = try OtherProcess(path: path)
            for sql in Self.slowTable { try crm.execute(sql) }
            let process = Process()
            process.executableURL = try CommandRunner.binary
            process.arguments = ["serve"]
            process.environment = CommandRunner.sanitized([
                "PORT": "0", "DATA_DIR": folder.appending(path: "data").path, "INTERNAL_API_KEY": TestServer.key,
                "EMAIL_SCOPE": "tenant", "MIN_FREE_DISK_BYTES": "0",
            ])
            process.currentDirectoryURL = folder
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            let leash = ProcessLeash(process)
            defer { withExtendedLifetime(leash) {} }
            #expect(await eventually { FileManager.default.fileExists(atPath: path + "-wal") || !process.isRunning })
            kill(process.processIdentifier, SIGTERM)
            #expect(await eventually(60) { !process.isRunning })
            #expect(process.terminationReason == .exit && process.terminationStatus == 0)
            // The UNIQUE is still there.
            #expect(throws: (any Error).self) {
                try crm.execute("INSERT INTO users (email, name, tenant_id) VALUES ('u1@x.io', 'Other', 't2')")
            }
            try crm.close()
            let server = try await ServerProcess.start(folder: folder, receiver: receiver)
            #expect(try await server.get("/readyz").json.directory.state.string == "ok")
            #expect(await server.terminate(within: 60) == 0)
        }
    }

    @Test("a lock of another process on the CRM's database does not keep the server from ending", .timeLimit(.minutes(5)))
    func whileItWaitsForALock() async throws {
        try await TestServer.inFolder { folder, receiver in
            let server = try await ServerProcess.start(folder: folder, receiver: receiver, settings: ["SHUTDOWN_GRACE": "1"])
            try await OtherProcess.whileItLocks(folder.appending(path: "data/crm.sqlite").path) {
                let answer = try await ServerProcess.send(
                    "POST", port: server.port, "/api/internal/sync/users",
                    headers: ["X-Tenant-ID": "t1", "X-Sync-Source": "s"], body: Bodies.sync([Bodies.user("u1", "a@x.io")]))
                #expect(answer.status == 202)
                let status = await server.terminate(within: 60)
                // 1 if the grace period ends the wait, 0 if the wait ends before.
                #expect(status == 1 || status == 0)
            }
        }
    }

    @Test("a commit that does not end is left when SHUTDOWN_GRACE is over", .timeLimit(.minutes(5)))
    func whileACommitHangs() async throws {
        try await TestServer.inFolder { folder, receiver in
            let server = try await ServerProcess.start(folder: folder, receiver: receiver, settings: ["SHUTDOWN_GRACE": "1"])
            try OtherProcess.slowDown(folder.appending(path: "data/crm.sqlite").path, steps: 1_000_000_000_000)
            let answer = try await ServerProcess.send(
                "POST", port: server.port, "/api/internal/sync/users", headers: ["X-Tenant-ID": "t1", "X-Sync-Source": "s"],
                body: Bodies.sync([Bodies.user("u1", "a@x.io")]))
            #expect(answer.status == 202)
            #expect(
                try await eventually {
                    try await server.get("/api/internal/sync/status").json.workers.active.int == 1
                })
            #expect(await server.terminate(within: 60) == 1)
            #expect(server.log.contains("SHUTDOWN_GRACE is over"))
        }
    }
}
