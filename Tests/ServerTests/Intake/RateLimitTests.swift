import Foundation
import Logging
import ServerTestSupport
import SyncModel
import SyncServer
import TestSupport
import Testing

@Suite("Submitting: what counts towards the rate limit")
struct RateLimitTests {
    private let users = "/api/internal/sync/users"

    @Test("an accessibility check that comes in chunks counts nothing: the one submission allowed is taken after it")
    func chunkedCheck() async throws {
        try await TestServer.run(["RATE_LIMIT_MAX": "1"]) { server in
            for _ in 0..<3 {
                let body = #"{"test":"connection"}"#
                try await RawConnection.run(port: server.port) { write, read in
                    try await write(
                        "POST \(users) HTTP/1.1\r\nHost: x\r\nX-Internal-API-Key: \(TestServer.key)\r\nX-Tenant-ID: t1\r\n"
                            + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                            + String(body.utf8.count, radix: 16) + "\r\n" + body + "\r\n0\r\n\r\n")
                    #expect(try await read("timestamp").contains("HTTP/1.1 200"))
                }
            }
            #expect(try await server.sync([]).status == 202)
            #expect(try await server.sync([]).status == 429)
        }
    }

    @Test("a body of malformed chunks counts as any other that is malformed")
    func brokenChunks() async throws {
        try await TestServer.run(["RATE_LIMIT_MAX": "2"]) { server in
            var statuses: [Int?] = []
            for chunk in ["x\r\n", "1\r\n{}\r\n", "x\r\n"] {
                let head = RawCaller.head(tenant: "t1", "Transfer-Encoding: chunked")
                let (answers, _) = try await RawCaller.answers(port: server.port, head + chunk)
                statuses.append(answers.first?.status)
            }
            #expect(statuses == [400, 400, 429])
        }
    }

    @Test("what a full queue refuses counts nothing: who obeys Retry-After is let in once there is room")
    func fullQueue() async throws {
        try await TestServer.run(["RATE_LIMIT_MAX": "2", "MAX_PENDING_USERS": "50"]) { server in
            var id = ""
            try await server.whileLocked {
                id = try await server.submitted(Bodies.users(60))
                for _ in 0..<5 {
                    let refused = try await server.sync([Bodies.user("x", "x@x.io")])
                    #expect(refused.status == 503 && refused.header("retry-after") != nil)
                    #expect(refused.header("x-ratelimit-remaining") == nil, "it is not governed by the limit")
                }
            }
            _ = try await server.ended(id)
            #expect(try await server.sync([Bodies.user("x", "x@x.io")]).status == 202)
            #expect(try await server.sync([Bodies.user("x", "x@x.io")]).status == 429)
        }
    }

    @Test("a body of version 2 does not count in the rate limit either if a mistake in it comes to light at once")
    func mistakesDoNotCount() async throws {
        try await TestServer.run(["RATE_LIMIT_MAX": "1", "MAX_USERS_PER_REQUEST": "1"]) { server in
            let two = ["a", "b"].map { Bodies.userOfVersionTwo("u-\($0)", "\($0)@x.io") }
            let headers = ["X-Tenant-ID": "t1", "X-Sync-Source": "w"]
            for (body, status) in [(Bodies.versionTwo([]) + "x", 400), (Bodies.versionTwo(two), 413)] {
                let refused = try await server.post(users, body, headers: headers)
                #expect(refused.status == status && refused.header("x-ratelimit-remaining") == nil)
            }
            #expect(try await server.sync([]).status == 202)
        }
    }

    @Test("a large upload for which there is no seat counts nothing, though part of it came")
    func noSeat() async throws {
        try await TestServer.run(["RATE_LIMIT_MAX": "1"]) { server in
            var dependencies = server.dependencies()
            dependencies.seats = UploadSeats(0)
            let beside = try await Beside.start(dependencies)
            var statuses: [Int?] = []
            for count in [9_000, 9_000, 1, 1] {
                let body = Bodies.sync(Bodies.users(count), tenant: "t1")
                let head = RawCaller.head(tenant: "t1", "Content-Length: \(body.utf8.count)")
                let (answers, _) = try await RawCaller.answers(port: beside.port, head + body)
                statuses.append(answers.first?.status)
            }
            #expect(statuses == [503, 503, 202, 429])
            try await beside.stop()
        }
    }

    @Test("what is refused for what it says counts, and is told what is left")
    func badRequests() async throws {
        try await TestServer.run(["RATE_LIMIT_MAX": "2"]) { server in
            let bad = try await server.sync([Bodies.user("u1", "bad")])
            #expect(bad.status == 400 && bad.header("x-ratelimit-remaining") == "1" && bad.count("RateLimit") == 1)
            #expect(try await server.sync([]).status == 202)
            #expect(try await server.sync([]).status == 429)
        }
    }

    @Test("removals are not counted, nor kept out when all submissions are used up")
    func removals() async throws {
        try await TestServer.run(["RATE_LIMIT_MAX": "1"]) { server in
            func remove() async throws -> TestServer.Answer {
                try await server.post(
                    "/api/internal/sync/remove-user", Bodies.removal("u"), headers: ["X-Tenant-ID": "t1"])
            }
            for _ in 0..<130 {
                let answer = try await remove()
                #expect(answer.status == 202 && answer.header("x-ratelimit-limit") == nil)
            }
            #expect(try await server.sync([]).status == 202)
            #expect(try await server.sync([]).status == 429)
            #expect(try await remove().status == 202)
        }
    }

    @Test("a refusal names its tenant: once a window in the log, each time in the metrics")
    func refusalNamesTenant() async throws {
        try await TestServer.run(["RATE_LIMIT_MAX": "1", "RATE_LIMIT_KEY": "tenant"]) { server in
            let tenant = "limited-\(UUID().uuidString.prefix(8))"
            var statuses: [Int] = []
            for _ in 0..<4 { statuses.append(try await server.sync([], tenant: tenant).status) }
            #expect(statuses == [202, 429, 429, 429])
            let lines = server.log.lines.filter { $0.message == "submission refused by the rate limit" }
            #expect(lines.map { $0.metadata["tenant"] } == Array(repeating: tenant, count: 3))
            #expect(lines.map(\.level) == [.notice, .debug, .debug])
            let metrics = try await server.get("/metrics").text
            #expect(metrics.contains("usersync_rate_limited_total{tenant=\"\(tenant)\"} 3\n"))
        }
    }

    @Test(
        "a call of version 2 among refused submissions does not hide the window's first refusal; one that arrives takes no place")
    func versionTwoBetween() async throws {
        try await TestServer.run(["RATE_LIMIT_MAX": "1"]) { server in
            let call = Bodies.versionTwo([Bodies.userOfVersionTwo("u1", "a@x.io")])
            try await RawConnection.run(port: server.port) { write, read in
                try await write(RawCaller.head(tenant: "t1", "Content-Length: \(call.utf8.count)"))
                #expect(try await server.sync([]).status == 202)
                #expect(
                    try await server.post(users, call, headers: ["X-Tenant-ID": "t1", "X-Sync-Source": "w"]).status == 202)
                #expect(try await server.sync([]).status == 429)
                try await write(call)
                #expect(try await read("warnings").contains("HTTP/1.1 202"))
            }
            let lines = server.log.lines.filter { $0.message == "submission refused by the rate limit" }
            #expect(lines.map(\.level) == [.notice])
        }
    }

    @Test("a tenant's count is by its bytes; one taken back is taken back from the window it was counted in")
    func counter() {
        let counter = FixedWindowCounter(window: 60)
        let start = Timestamp(microseconds: 1_760_000_000_000_000)
        let first = counter.count("t:caf\u{E9}", limit: 1, now: start)
        #expect(first.used == 1)
        #expect(counter.count("t:cafe\u{301}", limit: 1, now: start).used == 1, "another tenant")
        let later = start.advanced(bySeconds: 61)
        #expect(counter.count("t:caf\u{E9}", limit: 1, now: later).used == 1)
        counter.forgive("t:caf\u{E9}", countedIn: first.windowStart)
        #expect(counter.reading("t:caf\u{E9}", now: later).used == 1)
        counter.forgive("t:caf\u{E9}", countedIn: later)
        #expect(counter.reading("t:caf\u{E9}", now: later).used == 0)
    }
}
