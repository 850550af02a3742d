import Foundation
import GRDB
import ServerTestSupport
import TestSupport
import Testing

@Suite("A directory in trouble")
struct DirectoryTroubleTests {
    @Test("a lock held by another process burns no attempt, is said by readyz and status, and work resumes by itself")
    func locked() async throws {
        try await TestServer.run { server in
            var ids: [String] = []
            try await server.whileLocked {
                for number in 0..<3 {
                    ids.append(try await server.submitted([Bodies.user("u\(number)", "u\(number)@x.io")], tenant: "t\(number)"))
                }
                #expect(try await server.isDirectoryAway())
                let ready = try await server.get("/readyz")
                #expect(ready.status == 200 && ready.json.directory.state.string == "unavailable")
                #expect(ready.json.status.string == "ready" && ready.json.success.bool == true)
                let status = try await server.status()
                for directory in [ready.json.directory, status.directory] {
                    #expect(directory.since.string != nil && directory.error.string?.contains("locked") == true)
                }
                #expect(status.retrying == .array([]))
                // What is submitted meanwhile is taken too.
                ids.append(try await server.submitted([Bodies.user("u9", "u9@x.io")]))
            }
            for id in ids {
                let job = try await server.ended(id)
                #expect(job.status.string == "completed" && job.metadata.created.int == 1)
                #expect(job.attempts.array.isEmpty)
            }
            let status = try await server.status()
            #expect(status.directory.state.string == "ok" && status.directory.error == .null)
        }
    }

    @Test("a trigger of the CRM's that no new user can pass is one outage, said once, and over soon after it is gone")
    func triggerOfNowhere() async throws {
        try await TestServer.run { server in
            _ = try await server.synced([Bodies.user("u0", "u0@x.io")])
            try server.execute("CREATE TRIGGER x AFTER INSERT ON users BEGIN INSERT INTO nowhere VALUES (1); END")
            var ids: [String] = []
            for number in 1...5 {
                ids.append(try await server.submitted([Bodies.user("u\(number)", "u\(number)@x.io")], tenant: "t\(number)"))
            }
            #expect(try await server.isDirectoryAway())
            let watched = ContinuousClock.now
            while watched.duration(to: .now) < .seconds(2) {
                let state = try await server.get("/readyz").json.directory.state.string
                #expect(state == "unavailable")
                try await Task.sleep(for: .milliseconds(20))
            }
            try server.execute("DROP TRIGGER x")
            for id in ids { #expect(try await server.ended(id).status.string == "completed") }
            for line in ["directory unavailable, batches wait", "directory available again"] {
                #expect(server.log.lines.count { $0.message.hasPrefix(line) } == 1)
            }
        }
    }

    @Test("with a damaged file the server starts, accepts, and works once it is mended")
    func brokenAtStart() async throws {
        func prepare(_ data: URL) throws {
            try Data(repeating: 0x5A, count: 20_000).write(to: data.appending(path: "crm.sqlite"))
        }
        try await TestServer.run(prepare: prepare) { server in
            let ready = try await server.get("/readyz")
            #expect(ready.status == 200 && ready.json.directory.state.string == "unavailable")
            let id = try await server.submitted([Bodies.user("u1", "a@x.io")])
            let removal = try await server.post(
                "/api/internal/sync/remove-user", Bodies.removal("u1"), headers: ["X-Tenant-ID": "t1"])
            #expect(removal.status == 202)
            #expect(try await server.job(id).status.string == "queued")
            // A database without our tables takes its place. Nothing else would: a file that was
            // there at the start is never created anew.
            try FileManager.default.removeItem(atPath: server.databasePath)
            let crm = try DatabaseQueue(path: server.databasePath)
            try await crm.write { db in try db.execute(sql: "CREATE TABLE companies (id INTEGER PRIMARY KEY)") }
            try crm.close()
            let job = try await server.ended(id)
            #expect(job.status.string == "completed" && job.attempts.array.isEmpty)
            let removed = try await server.ended(try #require(removal.json.jobId.string))
            #expect(removed.results[0].outcome.string == "removed")
        }
    }

    @Test("a folder that is missing at start is no reason to stop either")
    func missingFolder() async throws {
        try await TestServer.inFolder { folder, receiver in
            let crm = folder.appending(path: "mounted/later")
            let settings = ["DATABASE_URL": "sqlite:\(crm.appending(path: "crm.sqlite").path)"]
            try await TestServer.start(settings, folder: folder, receiver: receiver) { server in
                let id = try await server.submitted([Bodies.user("u1", "a@x.io")])
                #expect(try await server.isDirectoryAway())
                try FileManager.default.createDirectory(at: crm, withIntermediateDirectories: true)
                let job = try await server.ended(id)
                #expect(job.status.string == "completed" && job.metadata.created.int == 1)
            }
        }
    }

    @Test("a user whom a trigger of the CRM refuses fails alone", arguments: ["ABORT", "FAIL", "ROLLBACK"])
    func refused(how: String) async throws {
        try await TestServer.run { server in
            try server.refuseBadUsers(how)
            var users = Bodies.users(250)
            users[120] = Bodies.user("bad", "bad@x.io")
            let json = try await server.synced(users)
            #expect(json.status.string == "completed_with_errors")
            #expect(json.metadata.failed.int == 1 && json.metadata.created.int == 249)
            #expect(json.results[120].code.string == "refused_by_database" && json.results[120].status.string == "failed")
            #expect(json.results[120].error.string?.contains("not this one") == true)
            #expect(try server.rows("SELECT id FROM users").count == 249)
            let job = try await server.job(try #require(json.jobId.string))
            #expect(job.attempts.array.isEmpty && job.failedCodes == .object(["refused_by_database": .number(1)]))
        }
    }
}
