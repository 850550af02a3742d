import Foundation
import ServiceLifecycle
import SyncServer
import Synchronization
import Testing

@testable import usersync

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
            server.clock.move(by: 2)
            #expect(try await server.sync([Bodies.user("u1", "a@x.io")]).status == 202)
            #expect(try await server.get("/readyz").status == 200)
        }
    }

    @Test("while the server stops, what is asked on a connection it has not closed yet hears so: readyz 503, livez 200")
    func draining() async throws {
        try await TestServer.run { server in
            try await server.whileLocked {
                let body = Bodies.sync([Bodies.user("u1", "a@x.io")])
                let text = try await RawConnection.run(port: server.port) { write, read in
                    // Idle connections are closed at once, and no new ones are taken. One with an answer under way goes on until
                    // what stands behind it is answered too: it is asked here before the stop, and answered after it began.
                    try await write(
                        "POST /api/internal/sync/users HTTP/1.1\r\nHost: x\r\nX-Internal-API-Key: \(TestServer.key)\r\n"
                            + "X-Tenant-ID: t1\r\nContent-Type: application/json\r\nPrefer: wait=25\r\n"
                            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
                            + "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\nGET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
                            + "GET /api/internal/sync/status HTTP/1.1\r\nHost: x\r\nX-Internal-API-Key: \(TestServer.key)\r\n\r\n"
                    )
                    #expect(try await eventually { try await server.status().pendingUsers.int == 1 })
                    async let stopped: Void = server.app.stop()
                    let text = try await read("")
                    try await stopped
                    return text
                }
                let answers = text.ranges(of: "HTTP/1.1 ").map { text[$0.upperBound...].prefix(3) }
                #expect(answers == ["202", "503", "200", "200"])
                #expect(text.contains("The server is draining") && text.contains(#""draining":true"#))
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
