import Foundation
import ServerTestSupport
import ServiceLifecycle
import SyncServer
import Synchronization
import TestSupport
import Testing

import UsersyncApp

@Suite("Health and readiness")
struct HealthTests {
    @Test("health wants a key, livez and readyz want none; the operator's key reads everything")
    func health() async throws {
        try await TestServer.run { server in
            for path in ["/api/health", "/api/internal/health"] {
                let answer = try await server.get(path)
                #expect(answer.status == 200 && answer.json.success.bool == true && answer.json.status.string == "ok")
                #expect(try await server.get(path, headers: ["X-Internal-API-Key": ""]).status == 401)
            }
            for path in ["/livez", "/readyz", "/openapi.json"] {
                #expect(try await server.get(path, headers: ["X-Internal-API-Key": ""]).status == 200)
            }
            for path in [
                "/api/internal/sync/status", "/api/internal/sync/jobs", "/api/internal/sync/deliveries", "/metrics",
                "/api/health",
            ] {
                #expect(try await server.get(path, headers: ["X-Internal-API-Key": TestServer.opsKey]).status == 200)
            }
        }
    }

    @Test("HEAD is answered wherever GET is")
    func head() async throws {
        try await TestServer.run { server in
            for path in ["/livez", "/readyz", "/api/internal/sync/status", "/api/internal/sync/jobs"] {
                let answer = try await server.send("HEAD", path)
                #expect(answer.status == 200 && answer.body.isEmpty, "\(path)")
            }
        }
    }

    @Test("readyz is a 503 while the queue cannot be written, as is a submission, and 200 once one was written; livez stays 200")
    func unwritable() async throws {
        try await TestServer.run { server in
            #expect(try await server.get("/readyz").json.status.string == "ready")
            try await server.whileQueueLocked {
                let refused = try await server.sync([Bodies.user("u1", "a@x.io")])
                #expect(refused.status == 503 && refused.header("retry-after") == "5")
                let ready = try await server.get("/readyz")
                #expect(ready.status == 503 && ready.header("retry-after") == "5")
                #expect(ready.json.error.string == "Not ready" && ready.json.details.string == "The queue cannot be written")
                #expect(try await server.get("/livez").status == 200)
            }
            server.clock.advance(2)
            #expect(try await server.sync([Bodies.user("u1", "a@x.io")]).status == 202)
            #expect(try await server.get("/readyz").status == 200)
        }
    }

    @Test("from the moment a stop is announced readyz is a 503, livez stays 200, and the status says draining")
    func draining() async throws {
        try await TestServer.run { server in
            server.app.assembly.phase.drain()
            let ready = try await server.get("/readyz")
            #expect(ready.status == 503 && ready.header("retry-after") != nil)
            #expect(ready.json.details.string == "The server is draining")
            #expect(try await server.get("/livez").status == 200)
            #expect(try await server.status().draining.bool == true)
        }
    }

    @Test("a stop answers what is under way; what stands behind it on the same connection is not carried out")
    func behindTheLastAnswer() async throws {
        try await TestServer.run { server in
            try await server.whileLocked {
                let body = Bodies.sync([Bodies.user("u1", "a@x.io")])
                let request = """
                    POST /api/internal/sync/users HTTP/1.1\r\nHost: x\r\nX-Internal-API-Key: \(TestServer.key)\r\nX-Tenant-ID: t1\r\n\
                    Content-Type: application/json\r\nPrefer: wait=25\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)
                    """
                let text = try await RawConnection.run(port: server.port) { write, read in
                    try await write(request + request)
                    #expect(try await eventually { try await server.status().pendingUsers.int == 1 })
                    async let stopped: Void = server.app.stop()
                    let text = try await read("")
                    try await stopped
                    return text
                }
                // Whether the stop is known before or after the answer's head was made: the second is cut off, or refused.
                let statuses = text.ranges(of: "HTTP/1.1 ").map { text[$0.upperBound...].prefix(3) }
                #expect([["202"], ["202", "503"]].contains(statuses))
            }
        }
    }

    @Test("readyz is a 503 until everything runs")
    func starting() async throws {
        try await TestServer.run { server in
            let isStarted = Mutex(false)
            let (ports, listening) = AsyncStream<Int>.makeStream()
            let application = HTTPServer.application(
                server.dependencies(isStarted: { isStarted.withLock { $0 } }), onRunning: { listening.yield($0) })
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await application.run() }
                var iterator = ports.makeAsyncIterator()
                let port = try #require(await iterator.next())
                func readiness() async throws -> TestServer.Answer {
                    try await ServerProcess.send("GET", port: port, "/readyz", headers: ["Connection": "close"])
                }
                let early = try await readiness()
                #expect(early.status == 503 && early.header("retry-after") == "1")
                #expect(early.json.details.string == "The server is starting")
                isStarted.withLock { $0 = true }
                #expect(try await readiness().status == 200)
                tasks.cancelAll()
            }
        }
    }
}
