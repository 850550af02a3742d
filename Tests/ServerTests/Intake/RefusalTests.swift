import Foundation
import JobQueueSQLite
import NIOCore
import ServerTestSupport
import SyncServer
import GRDB
import JobQueue
import SyncModel
import TestSupport
import Testing

import UsersyncApp

@Suite("Submitting: what is refused, and how")
struct RefusalTests {
    private let users = "/api/internal/sync/users"

    /// Contract.md, "Errors".
    private func isError(_ answer: TestServer.Answer, _ status: Int) -> Bool {
        let json = answer.json
        return answer.status == status && json.success == .bool(false) && json.error.string != nil
            && json.timestamp.string != nil && json.requestId.string == answer.header("x-request-id")
    }

    @Test("a missing or wrong key is a 401 that says Connection: close; a repeated one a 400; the first header decides")
    func keys() async throws {
        try await TestServer.run { server in
            let body = Bodies.sync([])
            for headers in [["X-Internal-API-Key": ""], ["X-Internal-API-Key": "wrong-key-wrong-key-0"]] {
                let answer = try await server.post(users, body, headers: headers.merging(["X-Tenant-ID": "t1"]) { $1 })
                #expect(isError(answer, 401))
                #expect(answer.json.error == .string("Unauthorized - Invalid API key"))
                #expect(answer.header("connection") == "close")
            }
            let bearer = try await server.post(
                users, body,
                headers: ["X-Internal-API-Key": "", "Authorization": "Bearer \(TestServer.key)", "X-Tenant-ID": "t1"])
            #expect(bearer.status == 202)
            let first = try await server.post(
                users, body,
                headers: ["X-Internal-API-Key": "wrong-key-wrong-key-0", "Authorization": "Bearer \(TestServer.key)"])
            #expect(first.status == 401)
            try await RawConnection.run(port: server.port) { write, read in
                try await write(
                    "GET /api/health HTTP/1.1\r\nHost: x\r\nX-Internal-API-Key: \(TestServer.key)\r\n"
                        + "X-Internal-API-Key: \(TestServer.key)\r\n\r\n")
                #expect(try await read("requestId").hasPrefix("HTTP/1.1 400"))
            }
        }
    }

    @Test("several keys are active at once")
    func rotation() async throws {
        try await TestServer.run(["INTERNAL_API_KEY": "first-key-0123456789,second-key-0123456789"]) { server in
            for key in ["first-key-0123456789", "second-key-0123456789"] {
                let answer = try await server.get("/api/health", headers: ["X-Internal-API-Key": key])
                #expect(answer.status == 200)
            }
        }
    }

    @Test("an operator's key may read and steer, not submit")
    func opsKey() async throws {
        try await TestServer.run { server in
            let ops = ["X-Internal-API-Key": TestServer.opsKey, "X-Tenant-ID": "t1"]
            let submitted = try await server.post(users, Bodies.sync([]), headers: ops)
            #expect(isError(submitted, 403))
            #expect(isError(try await server.post("/api/internal/sync/remove-user", Bodies.removal("u"), headers: ops), 403))
            #expect(try await server.get("/api/internal/sync/status", headers: ops).status == 200)
            #expect(try await server.get("/metrics", headers: ops).status == 200)
        }
    }

    @Test("20 wrong keys a minute, then 429 for wrong ones only")
    func guessing() async throws {
        try await TestServer.run { server in
            let wrong = ["X-Internal-API-Key": "wrong-key-wrong-key-0"]
            for _ in 0..<20 { #expect(try await server.get("/api/health", headers: wrong).status == 401) }
            let limited = try await server.get("/api/health", headers: wrong)
            #expect(isError(limited, 429))
            #expect(limited.header("retry-after").flatMap { Int($0) } != nil)
            #expect(try await server.get("/api/health").status == 200)
            server.clock.advance(61)
            #expect(try await server.get("/api/health", headers: wrong).status == 401)
        }
    }

    @Test("content types and encodings other than JSON and gzip are a 415")
    func mediaTypes() async throws {
        try await TestServer.run { server in
            let body = Bodies.sync([])
            for headers in [["Content-Type": "text/plain"], ["Content-Type": ""], ["Content-Encoding": "br"]] {
                #expect(isError(try await server.post(users, body, headers: headers.merging(["X-Tenant-ID": "t1"]) { $1 }), 415))
            }
            let good = try await server.post(
                users, body, headers: ["Content-Type": "Application/JSON; charset=utf-8", "X-Tenant-ID": "t1"])
            #expect(good.status == 202)
        }
    }

    @Test("X-Tenant-ID is required, once, and equal to tenant.id")
    func tenantHeader() async throws {
        try await TestServer.run { server in
            #expect(isError(try await server.post(users, Bodies.sync([])), 400))
            let large = Bodies.sync(Bodies.users(100))
            #expect(isError(try await server.post(users, large), 400))
            let other = try await server.post(users, Bodies.sync([], tenant: "a"), headers: ["X-Tenant-ID": "b"])
            #expect(isError(other, 400))
            #expect(other.json.details[0].path == .array([.string("tenant"), .string("id")]))
            let removal = try await server.post(
                "/api/internal/sync/remove-user", Bodies.removal("u", tenant: "a"), headers: ["X-Tenant-ID": "b"])
            #expect(isError(removal, 400))
            try await RawConnection.run(port: server.port) { write, read in
                try await write(
                    "POST \(users) HTTP/1.1\r\nHost: x\r\nX-Internal-API-Key: \(TestServer.key)\r\nX-Tenant-ID: a\r\nX-Tenant-ID: a\r\n"
                        + "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
                #expect(try await read("requestId").hasPrefix("HTTP/1.1 400"))
            }
            #expect(try await server.get("/api/internal/sync/jobs").json.jobs.array.isEmpty)
        }
    }

    @Test("REQUIRE_SYNC_SOURCE makes the absent header a 400, for a sync alone")
    func syncSource() async throws {
        try await TestServer.run(["REQUIRE_SYNC_SOURCE": "true"]) { server in
            #expect(isError(try await server.post(users, Bodies.sync([]), headers: ["X-Tenant-ID": "t1"]), 400))
            #expect(try await server.sync([]).status == 202)
            let removal = try await server.post(
                "/api/internal/sync/remove-user", Bodies.removal("u"), headers: ["X-Tenant-ID": "t1"])
            #expect(removal.status == 202)
        }
    }

    @Test("a rule broken anywhere refuses the whole request, naming each place, and keeps nothing")
    func violations() async throws {
        try await TestServer.run { server in
            let list = (0..<150).map { Bodies.user("u\($0)", $0 < 120 ? "bad" : "ok\($0)@x.io") }
            let answer = try await server.sync(list)
            #expect(isError(answer, 400))
            #expect(answer.json.error == .string("Invalid request format"))
            #expect(answer.json.errorCount.int == 120 && answer.json.details.array.count == 100)
            #expect(answer.json.details[17].path == .array([.string("users"), .number(17), .string("email")]))
            #expect(answer.json.details[17].message == .string("\"users[17].email\" must be a valid email"))
            #expect(answer.json.details[17].type == .string("string.email"))
            #expect(try await server.get("/api/internal/sync/jobs").json.jobs.array.isEmpty)
            #expect(try server.rows("SELECT count(*) AS n FROM users")[0]["n"] == 0)
        }
    }

    @Test("malformed JSON is a 400 that names the byte")
    func malformed() async throws {
        try await TestServer.run { server in
            let answer = try await server.post(users, #"{"operation": x}"#, headers: ["X-Tenant-ID": "t1"])
            #expect(isError(answer, 400))
            #expect(answer.json.details.string?.contains("byte 14") == true)
            for bad in [
                "", "[]", "{}{}", "{", "\u{FEFF}{}", #"{"a":"\ud800"}"#, #"{"a":"\u0000"}"#,
                String(repeating: "[", count: 100_000),
            ] {
                #expect(isError(try await server.send("POST", users, headers: ["X-Tenant-ID": "t1"], body: Data(bad.utf8)), 400))
            }
        }
    }

    @Test("a syncTime more than five minutes ahead is a 400")
    func future() async throws {
        try await TestServer.run { server in
            let ahead = server.clock.now.advanced(bySeconds: 330).iso8601
            let near = server.clock.now.advanced(bySeconds: 200).iso8601
            #expect(isError(try await server.sync([], metadata: #"{"syncTime":"\#(ahead)"}"#), 400))
            #expect(try await server.sync([], metadata: #"{"syncTime":"\#(near)"}"#).status == 202)
            let removal = try await server.post(
                "/api/internal/sync/remove-user", Bodies.removal("u", more: #""removedAt":"\#(ahead)""#),
                headers: ["X-Tenant-ID": "t1"])
            #expect(isError(removal, 400))
        }
    }

    @Test("too many bytes, announced or not, packed or not, and too many users are a 413 naming the limit")
    func tooLarge() async throws {
        try await TestServer.run(["MAX_REQUEST_BYTES": "65536", "MAX_USERS_PER_REQUEST": "50"]) { server in
            let large = Bodies.sync(Bodies.users(40, prefix: String(repeating: "p", count: 1000)))
            let announced = try await server.post(users, large, headers: ["X-Tenant-ID": "t1"])
            #expect(isError(announced, 413))
            #expect(announced.json.details.string?.contains("65536") == true)
            let answer = try await server.send(
                "POST", users, headers: ["X-Tenant-ID": "t1", "Content-Encoding": "gzip"], body: try gzipped(Data(large.utf8)))
            #expect(isError(answer, 413))
            try await RawConnection.run(port: server.port) { write, read in
                try await write(
                    "POST \(users) HTTP/1.1\r\nHost: x\r\nX-Internal-API-Key: \(TestServer.key)\r\nX-Tenant-ID: t1\r\n"
                        + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + String(large.utf8.count, radix: 16) + "\r\n" + large + "\r\n0\r\n\r\n")
                #expect(try await read("requestId").contains("HTTP/1.1 413"))
            }
            let many = try await server.sync(Bodies.users(51))
            #expect(isError(many, 413))
            #expect(many.json.details.string?.contains("50") == true)
            #expect(try await server.sync(Bodies.users(50)).status == 202)
        }
    }

    @Test("a 413 names the limit that was met: a removal's is no setting, and what names no tenant lacks that")
    func whoseLimit() async throws {
        try await TestServer.run { server in
            let removal = "/api/internal/sync/remove-user"
            let large = Bodies.removal("u", more: #""reason":"\#(String(repeating: "r", count: 70_000))""#)
            func chunked(_ path: String, _ body: String, tenant: String) async throws -> String {
                try await RawConnection.run(port: server.port) { write, read in
                    try await write(
                        "POST \(path) HTTP/1.1\r\nHost: x\r\nX-Internal-API-Key: \(TestServer.key)\r\n\(tenant)"
                            + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                            + String(body.utf8.count, radix: 16) + "\r\n" + body + "\r\n0\r\n\r\n")
                    return try await read("requestId")
                }
            }
            let announced = try await server.post(removal, large, headers: ["X-Tenant-ID": "t1"])
            #expect(isError(announced, 413))
            let streamed = try await chunked(removal, large, tenant: "X-Tenant-ID: t1\r\n")
            #expect(streamed.hasPrefix("HTTP/1.1 413"))
            for text in [announced.text, streamed] {
                #expect(text.contains("65536") && text.contains("removal") && !text.contains("MAX_REQUEST_BYTES"))
            }
            for path in [users, removal] {
                let nameless = try await chunked(path, large, tenant: "")
                #expect(nameless.hasPrefix("HTTP/1.1 400") && nameless.contains("X-Tenant-ID"))
            }
        }
    }

    @Test("a large upload that is refused for its last user leaves nothing of what was written of it")
    func refusedAtTheEnd() async throws {
        try await TestServer.run { server in
            // More than one run: what came first stands in the queue's file before the last user is read.
            var list = Bodies.users(110_000)
            list[list.count - 1] = Bodies.user("last", "bad")
            #expect(isError(try await server.sync(list), 400))
            let queue = server.app.assembly.queue
            let statistics = try await queue.statistics(now: server.clock.now)
            #expect(statistics.bytes + (statistics.logBytes ?? 0) > 4 << 20, "nothing of it was ever written")
            let rows = try server.queueRows(
                "SELECT (SELECT count(*) FROM batches) + (SELECT count(*) FROM payloads) + (SELECT count(*) FROM leftovers) AS n")
            #expect(rows[0]["n"] == 0)
            #expect(try await server.get("/api/internal/sync/jobs").json.jobs.array.isEmpty)
        }
    }

    @Test("the caller of a large body sees an early answer, and the connection is closed")
    func earlyAnswer() async throws {
        try await TestServer.run { server in
            // By hand: a client's library that is still sending may tell of that rather than of the answer it has.
            let caller = try await RawCaller.connect(port: server.port)
            await caller.send(RawCaller.head(key: "wrong-key-wrong-key-0", "Content-Length: 5000000"))
            await caller.send(Data(repeating: 0x20, count: 5_000_000))
            #expect(await eventually { caller.isClosed })
            #expect(caller.answer.hasPrefix("HTTP/1.1 401"))
            await caller.close()
        }
    }

    @Test("after an early answer the server goes on reading for a while, so that the caller gets to see it")
    func readsOn() async throws {
        try await TestServer.run { server in
            var dependencies = server.dependencies()
            dependencies.limits.discardTime = .seconds(60)
            let beside = try await Beside.start(dependencies)
            try await RawConnection.run(port: beside.port) { write, read in
                try await write(
                    "POST \(users) HTTP/1.1\r\nHost: x\r\nX-Internal-API-Key: wrong-key-wrong-key-0\r\n"
                        + "Content-Type: application/json\r\nContent-Length: 5000000\r\n\r\n")
                let answer = try await read("requestId")
                #expect(answer.hasPrefix("HTTP/1.1 401"))
                let part = String(repeating: " ", count: 100_000)
                // A connection closed at once would refuse the second or third of these.
                for _ in 0..<10 {
                    try await write(part)
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
            try await beside.stop()
        }
    }

    @Test("unknown paths are a 404, other methods a 405 with Allow")
    func methods() async throws {
        try await TestServer.run { server in
            #expect(isError(try await server.get("/nowhere"), 404))
            let answer = try await server.send("PUT", users, body: Data("{}".utf8))
            #expect(isError(answer, 405))
            #expect(answer.header("allow") == "POST")
            #expect(try await server.send("DELETE", "/api/internal/sync/jobs").header("allow") == "GET, HEAD")
        }
    }

    @Test("a callbackUrl outside the allowed hosts, not https, or to an internal address is a 400")
    func callback() async throws {
        try await TestServer.run(["WEBHOOK_ALLOWED_HOSTS": "hooks.example.com"]) { server in
            for url in [
                "https://other.example.com/", "http://hooks.example.com/", "https://127.0.0.1/", "ftp://hooks.example.com", "x",
            ] {
                let answer = try await server.sync([], metadata: #"{"callbackUrl":"\#(url)"}"#)
                #expect(isError(answer, 400), "\(url)")
                #expect(answer.json.details[0].path == .array([.string("metadata"), .string("callbackUrl")]))
            }
            #expect(try await server.sync([], metadata: #"{"callbackUrl":"https://hooks.example.com/done"}"#).status == 202)
        }
    }
}
