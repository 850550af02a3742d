import Foundation
import GRDB
import ServerTestSupport
import SyncModel
import TestSupport
import Testing

@Suite("Submitting: what is accepted")
struct AcceptanceTests {
    @Test("the guide's accessibility check answers 200 and queues nothing")
    func accessibilityCheck() async throws {
        try await TestServer.run { server in
            let answer = try await server.post("/api/internal/sync/users", #"{"test": "connection"}"#)
            #expect(answer.status == 200)
            #expect(answer.json.success == .bool(true))
            #expect(answer.json.message == .string("Connection OK"))
            #expect(try await server.get("/api/internal/sync/jobs").json.jobs.array.isEmpty)
        }
    }

    @Test("the guide's sync request, without X-Sync-Source, is acknowledged, applied, and reported by a webhook")
    func guidesRequest() async throws {
        try await TestServer.run { server in
            let body = """
                {
                    "operation": "user_sync",
                    "tenant": {
                      "id": "test-tenant",
                      "name": "Test Company"
                    },
                    "users": [
                      {
                        "id": "test-user",
                        "email": "test@company.com",
                        "name": "Test User",
                        "isActive": true
                      }
                    ]
                  }
                """
            let answer = try await server.post("/api/internal/sync/users", body, headers: ["X-Tenant-ID": "test-tenant"])
            #expect(answer.status == 202)
            let id = try #require(answer.json.jobId.string)
            #expect(answer.header("location") == "/api/internal/sync/jobs/\(id)")
            #expect(answer.header("retry-after") != nil)
            #expect(answer.json.success == .bool(true))
            #expect(answer.json.message == .string("Accepted 1 user for sync"))
            #expect(answer.json.statusUrl == .string("/api/internal/sync/jobs/\(id)"))
            #expect(answer.json.tenant.id == .string("test-tenant") && answer.json.tenant.name == .string("Test Company"))
            #expect(answer.json.metadata.operation == .string("user_sync"))
            #expect(answer.json.metadata.totalUsers.int == 1 && answer.json.metadata.batches.int == 1)
            #expect(answer.json.metadata.acceptedAt.string != nil)
            #expect(answer.json.warnings.array.contains { $0.string?.contains("X-Sync-Source") == true })

            let webhooks = await server.receiver.wait(for: 1)
            let webhook = try #require(webhooks.first)
            #expect(webhook.json.type == .string("user_sync.completed"))
            #expect(webhook.json.data.jobId.string == id)
            #expect(webhook.headers["x-tenant-id"] == "test-tenant")
            #expect(webhook.headers["x-sync-source"] == "unknown")
            #expect(webhook.headers["x-internal-api-key"] == nil, "receivers log their headers")
            let rows = try server.rows("SELECT * FROM users")
            #expect(rows.count == 1)
            #expect(rows[0]["email"] == "test@company.com" && rows[0]["tenant_id"] == "test-tenant")
            #expect(rows[0]["wrapper_user_id"] == "test-user" && rows[0]["name"] == "Test User")
        }
    }

    @Test("Prefer: wait answers 200 with the guide's response format")
    func preferWait() async throws {
        try await TestServer.run { server in
            let answer = try await server.sync(
                [Bodies.user("u1", "A@x.io"), Bodies.user("u2", "b@x.io")], headers: ["Prefer": "wait=20"])
            #expect(answer.status == 200)
            #expect(answer.header("preference-applied") == "wait=20")
            let json = answer.json
            #expect(json.success == .bool(true) && json.message == .string("Synced 2 of 2 users"))
            #expect(json.results.array.map(\.userId.string) == ["u1", "u2"])
            #expect(json.results[0].status == .string("created") && json.results[0].outcome == .string("created"))
            #expect(json.results[0].email == .string("A@x.io") && json.results[0].index.int == 0)
            #expect(json.results[0].crmUserId.string.flatMap { Int($0) } != nil)
            #expect(json.tenant.id == .string("t1"))
            #expect(json.metadata.totalUsers.int == 2 && json.metadata.successful.int == 2 && json.metadata.failed.int == 0)
            #expect(json.status == .string("completed") && json.syncedAt.string != nil)
        }
    }

    @Test("waiting is capped at 25 s and a job that takes longer is answered with 202")
    func preferWaitCapped() async throws {
        try await TestServer.run { server in
            let answer = try await server.sync([Bodies.user("u1", "a@x.io")], headers: ["Prefer": "respond-async, wait=9999"])
            #expect(answer.header("preference-applied") == "wait=25")
            let none = try await server.sync([Bodies.user("u1", "a@x.io")], headers: ["Prefer": "wait=0"])
            #expect(none.status == 202 || none.status == 200)
            #expect(none.header("preference-applied") == "wait=0")
            for odd in [";", "wait", "wait=", "wait=x", "=", ",;=,", "wait=-1"] {
                let answer = try await server.sync([], headers: ["Prefer": odd])
                #expect(answer.status == 202 && answer.header("preference-applied") == nil, "\(odd)")
            }
        }
    }

    @Test("a job without users completes at once, webhook included")
    func noUsers() async throws {
        try await TestServer.run { server in
            let answer = try await server.sync([], headers: ["Prefer": "wait=25"])
            #expect(answer.status == 200)
            #expect(answer.json.status == .string("completed") && answer.json.metadata.totalUsers.int == 0)
            #expect(await server.receiver.wait(for: 1).count == 1)
        }
    }

    @Test("a removal needs no X-Sync-Source, deactivates, and a second unknown one fails with user_not_found")
    func removal() async throws {
        try await TestServer.run { server in
            _ = try await server.synced([Bodies.user("u1", "a@x.io", more: #""isActive":true"#)])
            // One after the other: the receiver is new, so that several might be tried at once.
            _ = await server.receiver.wait(for: 1)
            let answer = try await server.post(
                "/api/internal/sync/remove-user", Bodies.removal("u1", more: #""reason":"left""#),
                headers: ["X-Tenant-ID": "t1", "Prefer": "wait=25"])
            #expect(answer.status == 200)
            #expect(answer.json.results[0].outcome == .string("removed") && answer.json.results[0].status == .string("updated"))
            #expect(answer.json.metadata.operation == .string("user_removal"))
            #expect(try server.rows("SELECT is_active FROM users")[0]["is_active"] == 0)
            _ = await server.receiver.wait(for: 2)
            let unknown = try await server.post(
                "/api/internal/sync/remove-user", Bodies.removal("nobody"), headers: ["X-Tenant-ID": "t1", "Prefer": "wait=25"])
            #expect(unknown.json.results[0].code == .string("user_not_found"))
            #expect(unknown.json.status == .string("completed_with_errors"))
            let types = await server.receiver.wait(for: 3).map(\.json.type.string)
            #expect(types == ["user_sync.completed", "user_removal.completed", "user_removal.completed"])
        }
    }

    @Test("a gzip body is inflated; one that is damaged, cut or followed by rubbish is a 400")
    func gzip() async throws {
        try await TestServer.run { server in
            let plain = Data(Bodies.sync(Bodies.users(500)).utf8)
            let zipped = try gzipped(plain)
            let headers = ["X-Tenant-ID": "t1", "X-Sync-Source": "s", "Content-Encoding": "gzip"]
            let good = try await server.send("POST", "/api/internal/sync/users", headers: headers, body: zipped)
            #expect(good.status == 202 && good.json.metadata.totalUsers.int == 500)
            for bad in [zipped.dropLast(9), zipped + Data([1, 2, 3]), plain, Data()] {
                let answer = try await server.send("POST", "/api/internal/sync/users", headers: headers, body: Data(bad))
                #expect(answer.status == 400)
                #expect(answer.json.success == .bool(false))
            }
        }
    }

    @Test("ids of a request, and a trace, go with the webhook; an id that is not fit is replaced")
    func requestAndTraceIDs() async throws {
        try await TestServer.run { server in
            let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            let answer = try await server.sync(
                [Bodies.user("u1", "a@x.io")], headers: ["X-Request-ID": "abc-123", "traceparent": trace])
            #expect(answer.header("x-request-id") == "abc-123")
            #expect(await server.receiver.wait(for: 1).first?.headers["traceparent"] == trace)
            let long = try await server.get("/livez", headers: ["X-Request-ID": String(repeating: "x", count: 129)])
            #expect(long.header("x-request-id").map(\.count) == 32)
        }
    }

    @Test("with VALIDATION=per-user a bad user fails alone")
    func perUser() async throws {
        try await TestServer.run(["VALIDATION": "per-user"]) { server in
            let json = try await server.synced([
                Bodies.user("u1", "a@x.io"), #"{"id":"u2","email":"nonsense","name":"B"}"#,
                #"{"id":"u3","email":"c@x.io","name":""}"#,
            ])
            #expect(json.status == .string("completed_with_errors"))
            #expect(json.results.array.map(\.status.string) == ["created", "failed", "failed"])
            #expect(json.results[1].code == .string("invalid_user"))
            #expect(json.results[1].error.string?.contains("email") == true)
            #expect(json.metadata.failed.int == 2)
            let envelope = try await server.post(
                "/api/internal/sync/users", #"{"operation":"x","tenant":{"id":"t1","name":"n"},"users":[]}"#,
                headers: ["X-Tenant-ID": "t1"])
            #expect(envelope.status == 400)
        }
    }

    @Test("Expect: 100-continue is answered before the body, and not at all where the key is wrong")
    func expectContinue() async throws {
        try await TestServer.run { server in
            let body = Bodies.sync([Bodies.user("u1", "a@x.io")])
            func head(_ key: String) -> String {
                "POST /api/internal/sync/users HTTP/1.1\r\nHost: x\r\nX-Internal-API-Key: \(key)\r\nX-Tenant-ID: t1\r\n"
                    + "Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
            }
            try await RawConnection.run(port: server.port) { write, read in
                try await write(head(TestServer.key))
                #expect(try await read("\r\n\r\n").hasPrefix("HTTP/1.1 100 Continue"))
                try await write(body)
                #expect(try await read("jobId").contains("HTTP/1.1 202"))
            }
            try await RawConnection.run(port: server.port) { write, read in
                try await write(head("wrong-key-wrong-key-wrong"))
                let answer = try await read("requestId")
                #expect(answer.hasPrefix("HTTP/1.1 401") && !answer.contains("100 Continue"))
            }
        }
    }

    @Test("a large body comes in many batches, sorted inside, results in index order")
    func manyBatches() async throws {
        try await TestServer.run { server in
            let users = Bodies.users(1050)
            let json = try await server.synced(users)
            #expect(json.metadata.successful.int == 1050)
            #expect(try server.rows("SELECT count(*) AS n FROM users")[0]["n"] == 1050)
            let id = try #require(json.jobId.string)
            let results = try await server.get("/api/internal/sync/jobs/\(id)/results?limit=1000").json
            #expect(results.results.array.map(\.index.int) == (0..<1000).map { $0 })
            let cursor = try #require(results.nextCursor.string)
            let rest = try await server.get("/api/internal/sync/jobs/\(id)/results?limit=1000&cursor=\(cursor)").json
            #expect(rest.results.array.map(\.index.int) == (1000..<1050).map { $0 })
            #expect(rest.nextCursor == .null)
        }
    }
}
