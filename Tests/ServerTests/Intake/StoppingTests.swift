import Foundation
import ServerTestSupport
import SyncModel
import TestSupport
import Testing

import UsersyncApp

@Suite("Submitting: limits of the queue, and a server that stops")
struct StoppingTests {
    private func head(_ length: Int, more: String = "") -> String {
        "POST /api/internal/sync/users HTTP/1.1\r\nHost: x\r\nX-Internal-API-Key: \(TestServer.key)\r\nX-Tenant-ID: t1\r\n"
            + "X-Sync-Source: tests\r\nContent-Type: application/json\r\n\(more)Content-Length: \(length)\r\n\r\n"
    }

    @Test("a full queue answers 503 with Retry-After, and takes more once it has drained")
    func fullQueue() async throws {
        try await TestServer.run(["MAX_PENDING_USERS": "50"]) { server in
            let crm = try OtherProcess(path: server.databasePath)
            try crm.lock()
            let first = try await server.sync(Bodies.users(60))
            #expect(first.status == 202)
            let refused = try await server.sync([Bodies.user("x", "x@x.io")], tenant: "t2")
            #expect(refused.status == 503)
            #expect(refused.header("retry-after").flatMap { Int($0) } != nil && refused.header("connection") == "close")
            #expect(refused.json.success == .bool(false) && refused.json.requestId.string != nil)
            let ready = try await server.get("/readyz")
            #expect(ready.status == 200, "full is not unwritable")
            try crm.unlock()
            try crm.close()
            let id = try #require(first.json.jobId.string)
            _ = try await server.ended(id)
            let again = try await server.sync([Bodies.user("x", "x@x.io")], tenant: "t2")
            #expect(again.status == 202)
        }
    }

    @Test("a disk without the free space asked for is a 503 before anything is written")
    func fullDisk() async throws {
        try await TestServer.run(["MIN_FREE_DISK_BYTES": "1125899906842624"]) { server in
            let refused = try await server.sync([Bodies.user("x", "x@x.io")])
            #expect(refused.status == 503 && refused.header("retry-after") != nil)
            let jobs = try await server.get("/api/internal/sync/jobs")
            #expect(jobs.json.jobs.array.isEmpty)
        }
    }

    @Test("from the moment the drain begins a submission is a 503, and nothing of it is kept")
    func draining() async throws {
        try await TestServer.run { server in
            #expect(try await server.sync([]).status == 202)
            server.app.assembly.phase.drain()
            let refused = try await server.sync([Bodies.user("u1", "a@x.io")])
            #expect(refused.status == 503 && refused.json.details.string == "The server is stopping")
            #expect(refused.header("retry-after") != nil && refused.header("connection") == "close")
            let removal = try await server.post(
                "/api/internal/sync/remove-user", Bodies.removal("u"), headers: ["X-Tenant-ID": "t1"])
            #expect(removal.status == 503)
            #expect(try await server.get("/api/internal/sync/jobs").json.jobs.array.count == 1)
        }
    }

    @Test("a server that stops answers an upload that still arrives with 503 and closes, and leaves nothing of it")
    func uploadAtStop() async throws {
        try await TestServer.run { server in
            let answer = try await RawConnection.run(port: server.port) { write, read in
                try await write(head(1_000_000, more: "Expect: 100-continue\r\n"))
                _ = try await read("100 Continue")
                try await write(#"{"operation":"user_sync","users":["#)
                async let stopped: Void = server.app.stop()
                let answer = try await read("requestId")
                try await stopped
                return answer
            }
            #expect(answer.contains("HTTP/1.1 503") && answer.lowercased().contains("connection: close"))
            #expect(answer.lowercased().contains("retry-after"))
        }
    }

    @Test("a server that stops answers who waits for a result with the 202, and the job is done after the next start")
    func waitAtStop() async throws {
        try await TestServer.run { server in
            let crm = try OtherProcess(path: server.databasePath)
            try crm.lock()
            let body = Bodies.sync([Bodies.user("u1", "a@x.io")])
            let answer = try await RawConnection.run(port: server.port) { write, read in
                try await write(head(body.utf8.count, more: "Prefer: wait=25\r\n") + body)
                while try await server.get("/api/internal/sync/status").json.pendingUsers.int != 1 {
                    try await Task.sleep(for: .milliseconds(10))
                }
                async let stopped: Void = server.app.stop()
                let answer = try await read("warnings")
                try await stopped
                return answer
            }
            #expect(answer.contains("HTTP/1.1 202") && answer.contains("Preference-Applied: wait=25"))
            try crm.unlock()
            try crm.close()
            try await TestServer.start(folder: server.folder, receiver: server.receiver) { again in
                let webhooks = await again.receiver.wait(for: 1)
                #expect(webhooks.first?.json.type == .string("user_sync.completed"))
                let rows = try again.rows("SELECT email FROM users")
                #expect(rows.count == 1)
            }
        }
    }
}
