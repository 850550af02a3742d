import Foundation
import ServerTestSupport
import TestSupport
import Testing

@Suite("Headers, on a running server")
struct HeadersOverHTTPTests {
    @Test("an Idempotency-Key is the route's, however its path is spelled")
    func route() async throws {
        try await TestServer.run { server in
            let body = Bodies.sync([Bodies.user("u1", "a@x.io")])
            var ids: Set<String?> = []
            for path in [
                "/api/internal/sync/users", "/api/internal/sync/users/", "//api/internal//sync/users",
                "/api/internal/sync/users?x=1",
            ] {
                let answer = try await server.post(path, body, headers: ["X-Tenant-ID": "t1", "Idempotency-Key": "k"])
                #expect(answer.status == 202, "\(path)")
                ids.insert(answer.json.jobId.string)
            }
            #expect(ids.count == 1)
            let removal = try await server.post(
                "/api/internal/sync/remove-user",
                #"{"operation":"user_removal","tenant":{"id":"t1","name":"T"},"userId":"u1"}"#,
                headers: ["X-Tenant-ID": "t1", "Idempotency-Key": "k"])
            #expect(removal.status == 202 && !ids.contains(removal.json.jobId.string))
        }
    }

    @Test("keys that are no ASCII are refused, not taken for one another")
    func keys() async throws {
        try await TestServer.run { server in
            let body = Bodies.sync([], tenant: "hostile")
            for byte: UInt8 in [0xFE, 0xFF] {
                let parts = RawCaller.head("Content-Length: \(body.utf8.count)", "Idempotency-Key: ?").split(separator: "?")
                let request = Array(parts[0].utf8) + [byte] + Array(parts[1].utf8) + Array(body.utf8)
                let answer = try await RawCaller.exchange(port: server.port, request, until: "HTTP/1.1")
                #expect(answer.hasPrefix("HTTP/1.1 400"))
            }
        }
    }

    @Test("tracestate goes out with the webhook, beside its traceparent")
    func tracestate() async throws {
        try await TestServer.run { server in
            let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            _ = try await server.sync(
                [Bodies.user("u1", "a@x.io")], headers: ["traceparent": parent, "tracestate": "rojo=00f067aa0ba902b7,congo=t61r"])
            let headers = try #require(await server.receiver.wait(for: 1).first).headers
            #expect(headers["traceparent"] == parent && headers["tracestate"] == "rojo=00f067aa0ba902b7,congo=t61r")
        }
    }

    @Test("what comes in is bounded as well as what it inflates to: gzip of nothing is a 413")
    func emptyMembers() async throws {
        try await TestServer.run(["MAX_REQUEST_BYTES": "65536"]) { server in
            // An empty member of gzip, many times.
            let member: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]
            let chunk = Array(repeating: member, count: 800).flatMap(\.self)
            let caller = try await RawCaller.connect(port: server.port)
            await caller.send(RawCaller.head("Transfer-Encoding: chunked", "Content-Encoding: gzip"))
            for _ in 0..<10 {
                await caller.send(Array("\(String(chunk.count, radix: 16))\r\n".utf8) + chunk + Array("\r\n".utf8))
            }
            #expect(await eventually { caller.answer.hasPrefix("HTTP/1.1 413") })
            #expect(RawAnswer.all(in: caller.answer).first?.json.details.string?.contains("MAX_REQUEST_BYTES") == true)
            await caller.close()
        }
    }

    @Test("/metrics asks for a key, and for none with METRICS_PUBLIC=true")
    func metrics() async throws {
        let noKey = ["X-Internal-API-Key": ""]
        try await TestServer.run { server in
            let (without, with) = (try await server.get("/metrics", headers: noKey), try await server.get("/metrics"))
            #expect(without.status == 401 && with.status == 200)
        }
        try await TestServer.run(["METRICS_PUBLIC": "true"]) { server in
            let (metrics, status) = (
                try await server.get("/metrics", headers: noKey),
                try await server.get("/api/internal/sync/status", headers: noKey)
            )
            #expect(metrics.status == 200 && status.status == 401)
        }
    }
}
