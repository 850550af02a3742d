import Foundation
import GRDB
import ServerTestSupport
import SyncModel
import TestSupport
import Testing

@Suite("Submitting: Idempotency-Key, rate limit, CORS")
struct IdempotencyTests {
    private let users = "/api/internal/sync/users"

    @Test("the same key and body answer with the same job, another body is a 422")
    func replay() async throws {
        try await TestServer.run { server in
            let first = try await server.sync([Bodies.user("u1", "a@x.io")], headers: ["Idempotency-Key": "k1"])
            #expect(first.status == 202 && first.header("idempotent-replayed") == nil)
            let again = try await server.sync([Bodies.user("u1", "a@x.io")], headers: ["Idempotency-Key": "k1"])
            #expect(again.status == 202 && again.header("idempotent-replayed") == "true")
            #expect(again.json.jobId == first.json.jobId)
            let other = try await server.sync([Bodies.user("u2", "b@x.io")], headers: ["Idempotency-Key": "k1"])
            #expect(other.status == 422)
            #expect(try await server.get("/api/internal/sync/jobs").json.jobs.array.count == 1)
        }
    }

    @Test("a queue that takes no more answers for what it has taken")
    func fullQueue() async throws {
        try await TestServer.run(["MAX_PENDING_USERS": "1"]) { server in
            var configuration = Configuration()
            configuration.allowsUnsafeTransactions = true
            let crm = try DatabaseQueue(path: server.databasePath, configuration: configuration)
            try await crm.writeWithoutTransaction { db in try db.execute(sql: "BEGIN IMMEDIATE") }
            let users = [Bodies.user("u1", "a@x.io")]
            #expect(try await server.sync(users, headers: ["Idempotency-Key": "k1"]).status == 202)
            #expect(try await server.sync(users, headers: ["Idempotency-Key": "k2"]).status == 503)
            #expect(try await server.sync(users, headers: ["Idempotency-Key": "k1"]).header("idempotent-replayed") == "true")
            try await crm.writeWithoutTransaction { db in try db.execute(sql: "ROLLBACK") }
            try crm.close()
        }
    }

    @Test("a key is per tenant and path, and the inflated body is what counts")
    func scope() async throws {
        try await TestServer.run { server in
            let first = try await server.sync([], headers: ["Idempotency-Key": "k1"])
            let tenant = try await server.sync([], tenant: "t2", headers: ["Idempotency-Key": "k1"])
            #expect(tenant.status == 202 && tenant.header("idempotent-replayed") == nil)
            #expect(tenant.json.jobId != first.json.jobId)
            // The same key and the same body but for the tenant's name: not a conflict with the other tenant's request.
            let other = try await server.sync([Bodies.user("u1", "a@x.io")], tenant: "t3", headers: ["Idempotency-Key": "k1"])
            #expect(other.status == 202 && other.header("idempotent-replayed") == nil)
            let removal = try await server.post(
                "/api/internal/sync/remove-user", Bodies.removal("u"), headers: ["X-Tenant-ID": "t1", "Idempotency-Key": "k1"])
            #expect(removal.status == 202 && removal.header("idempotent-replayed") == nil)
            let answer = try await server.send(
                "POST", users,
                headers: ["X-Tenant-ID": "t1", "X-Sync-Source": "tests", "Idempotency-Key": "k1", "Content-Encoding": "gzip"],
                body: try gzipped(Data(Bodies.sync([]).utf8)))
            #expect(answer.header("idempotent-replayed") == "true")
        }
    }

    @Test("a key's scope is the route, however the path is spelled")
    func spelling() async throws {
        try await TestServer.run { server in
            let headers = ["X-Tenant-ID": "t1", "X-Sync-Source": "tests", "Idempotency-Key": "k1"]
            let first = try await server.post(users, Bodies.sync([]), headers: headers)
            for path in [users + "/", "/api/internal/sync//users"] {
                let again = try await server.post(path, Bodies.sync([]), headers: headers)
                #expect(again.status == 404 || again.header("idempotent-replayed") == "true", "\(path)")
                #expect(again.status == 404 || again.json.jobId == first.json.jobId, "\(path)")
            }
            #expect(try await server.get("/api/internal/sync/jobs").json.jobs.array.count == 1)
        }
    }

    @Test("a refused upload frees the key, and after 24 hours it is forgotten")
    func freed() async throws {
        try await TestServer.run { server in
            let refused = try await server.sync([Bodies.user("u1", "bad")], headers: ["Idempotency-Key": "k1"])
            #expect(refused.status == 400)
            let good = try await server.sync([Bodies.user("u1", "a@x.io")], headers: ["Idempotency-Key": "k1"])
            #expect(good.status == 202 && good.header("idempotent-replayed") == nil)
            server.clock.advance(86_500)
            let late = try await server.sync([Bodies.user("u1", "a@x.io")], headers: ["Idempotency-Key": "k1"])
            #expect(late.status == 202 && late.header("idempotent-replayed") == nil)
            #expect(late.json.jobId != good.json.jobId)
        }
    }

    @Test("while the first request still arrives, the second is a 409; a broken upload frees the key and leaves nothing")
    func arriving() async throws {
        try await TestServer.run { server in
            let head =
                "POST \(users) HTTP/1.1\r\nHost: x\r\nX-Internal-API-Key: \(TestServer.key)\r\nX-Tenant-ID: t1\r\nX-Sync-Source: tests\r\n"
                + "Idempotency-Key: k1\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 10000\r\n\r\n"
            try await RawConnection.run(port: server.port) { write, read in
                try await write(head)
                #expect(try await read("100 Continue").contains("100 Continue"))
                let second = try await server.sync([], headers: ["Idempotency-Key": "k1"])
                #expect(second.status == 409)
            }
            // The connection is gone: the key is free as soon as the server has seen that.
            var answer = try await server.sync([], headers: ["Idempotency-Key": "k1"])
            _ = try await eventually {
                if answer.status == 409 { answer = try await server.sync([], headers: ["Idempotency-Key": "k1"]) }
                return answer.status != 409
            }
            #expect(answer.status == 202 && answer.header("idempotent-replayed") == nil)
            #expect(try await server.get("/api/internal/sync/jobs").json.jobs.array.count == 1)
        }
    }

    @Test("a request that lost its key to another while it arrived is a 409 that says when to try again; nothing of it is kept")
    func claimLost() async throws {
        try await TestServer.run { server in
            let body = Bodies.sync([Bodies.user("u1", "a@x.io")])
            let head =
                "POST \(users) HTTP/1.1\r\nHost: x\r\nX-Internal-API-Key: \(TestServer.key)\r\nX-Tenant-ID: t1\r\nX-Sync-Source: tests\r\n"
                + "Idempotency-Key: k1\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n"
            try await RawConnection.run(port: server.port) { write, read in
                try await write(head)
                #expect(try await read("100 Continue").contains("100 Continue"))
                await server.endClaim(of: "t1", path: users, key: "k1")
                let other = try await server.sync([Bodies.user("u2", "b@x.io")], headers: ["Idempotency-Key": "k1"])
                #expect(other.status == 202)
                try await write(body)
                let answer = try await read("requestId").lowercased()
                #expect(answer.contains("http/1.1 409") && answer.contains("retry-after: 1\r\n"))
            }
            #expect(try await server.get("/api/internal/sync/jobs").json.jobs.array.count == 1)
        }
    }

    @Test("submissions are limited by address; watching, replays and the accessibility check are not counted")
    func rateLimit() async throws {
        try await TestServer.run(["RATE_LIMIT_MAX": "3"]) { server in
            // Too long to be taken for a check.
            let users = Bodies.users(3)
            for n in 1...2 {
                let answer = try await server.sync(users, headers: ["Idempotency-Key": "k\(n)"])
                #expect(answer.status == 202)
                #expect(answer.header("x-ratelimit-limit") == "3" && answer.header("x-ratelimit-remaining") == "\(3 - n)")
                #expect(
                    answer.header("ratelimit")?.contains("r=\(3 - n)") == true
                        && answer.header("ratelimit-policy")?.contains("q=3;w=900") == true)
            }
            #expect(try await server.sync(users, headers: ["Idempotency-Key": "k1"]).header("idempotent-replayed") == "true")
            #expect(try await server.post(self.users, #"{"test":"connection"}"#).status == 200)
            #expect(try await server.sync([]).status == 202)
            let limited = try await server.sync([])
            #expect(limited.status == 429)
            #expect(limited.json.error == .string("Too many sync requests, please try again later"))
            #expect(limited.header("retry-after").flatMap { Int($0) }.map { (1...900).contains($0) } == true)
            #expect(limited.header("x-ratelimit-remaining") == "0")
            #expect(try await server.get("/api/internal/sync/status").status == 200)
            #expect(try await server.post(self.users, #"{"test":"connection"}"#).status == 200)
            #expect(try await server.sync(users, headers: ["Idempotency-Key": "k1"]).header("idempotent-replayed") == "true")
            server.clock.advance(901)
            #expect(try await server.sync([]).status == 202)
        }
    }

    @Test(
        "whatever the answer to a submission, each field of the limit stands in it once, and so do those of the acknowledgement")
    func rateLimitFieldsOnce() async throws {
        let fields = ["RateLimit", "RateLimit-Policy", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"]
        try await TestServer.run(["RATE_LIMIT_MAX": "3"]) { server in
            let user = Bodies.user("u1", "a@x.io")
            func expectOnce(_ fields: [String], _ answer: TestServer.Answer, _ status: Int, remaining: Int) {
                #expect(answer.status == status)
                for field in fields { #expect(answer.count(field) == 1, "\(status): \(field)") }
                #expect(answer.header("x-ratelimit-remaining") == "\(remaining)")
                #expect(answer.header("ratelimit")?.contains("r=\(remaining);") == true)
            }
            let waited = try await server.sync([user], headers: ["Prefer": "wait=20"])
            expectOnce(fields + ["Preference-Applied"], waited, 200, remaining: 2)
            // Waits for its result in vain.
            try await server.whileLocked {
                let late = try await server.sync([user], headers: ["Prefer": "wait=1"])
                expectOnce(fields + ["Preference-Applied", "Location", "Retry-After"], late, 202, remaining: 1)
                #expect(late.header("preference-applied") == "wait=1" && late.header("location") == late.json.statusUrl.string)
            }
            expectOnce(fields + ["Location", "Retry-After"], try await server.sync([user]), 202, remaining: 0)
            expectOnce(fields + ["Retry-After"], try await server.sync([user]), 429, remaining: 0)
        }
    }

    @Test("RATE_LIMIT_KEY=tenant counts by tenant; X-Forwarded-For counts from trusted proxies alone")
    func rateLimitKeys() async throws {
        try await TestServer.run(["RATE_LIMIT_MAX": "1", "RATE_LIMIT_KEY": "tenant"]) { server in
            var status = try await server.sync([], tenant: "a").status
            #expect(status == 202)
            status = try await server.sync([], tenant: "a").status
            #expect(status == 429)
            status = try await server.sync([], tenant: "b").status
            #expect(status == 202)
        }
        try await TestServer.run(["RATE_LIMIT_MAX": "1", "TRUSTED_PROXIES": "127.0.0.0/8"]) { server in
            var status = try await server.sync([], headers: ["X-Forwarded-For": "203.0.113.1"]).status
            #expect(status == 202)
            status = try await server.sync([], headers: ["X-Forwarded-For": "203.0.113.9, 203.0.113.1"]).status
            #expect(status == 429)
            status = try await server.sync([], headers: ["X-Forwarded-For": "203.0.113.2"]).status
            #expect(status == 202)
        }
        try await TestServer.run(["RATE_LIMIT_MAX": "1"]) { server in
            var status = try await server.sync([], headers: ["X-Forwarded-For": "203.0.113.1"]).status
            #expect(status == 202)
            status = try await server.sync([], headers: ["X-Forwarded-For": "203.0.113.2"]).status
            #expect(status == 429)
        }
    }

    @Test("CORS is off unless origins are listed, and on for those alone, preflight included")
    func cors() async throws {
        let preflight = ["Origin": "https://ops.example", "Access-Control-Request-Method": "GET", "X-Internal-API-Key": ""]
        try await TestServer.run { server in
            let answer = try await server.send("OPTIONS", "/api/internal/sync/status", headers: preflight)
            #expect(answer.header("access-control-allow-origin") == nil)
        }
        try await TestServer.run(["CORS_ALLOWED_ORIGINS": "https://ops.example"]) { server in
            let answer = try await server.send("OPTIONS", "/api/internal/sync/status", headers: preflight)
            #expect(answer.status == 204 && answer.header("access-control-allow-origin") == "https://ops.example")
            let other = try await server.get("/api/internal/sync/status", headers: ["Origin": "https://evil.example"])
            #expect(other.status == 200 && other.header("access-control-allow-origin") == nil)
            let refused = try await server.get(
                "/api/internal/sync/status", headers: ["Origin": "https://ops.example", "X-Internal-API-Key": ""])
            #expect(refused.status == 401 && refused.header("access-control-allow-origin") == "https://ops.example")
        }
    }
}
