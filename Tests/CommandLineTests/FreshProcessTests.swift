import Foundation
import ServerTestSupport
import TestSupport
import Testing

@testable import usersync

@Suite("The server as a process")
struct FreshProcessTests {
    @Test("the metrics of a fresh process count what it did")
    func metrics() async throws {
        try await TestServer.inFolder { folder, receiver in
            let server = try await ServerProcess.start(folder: folder, receiver: receiver)
            let answer = try await ServerProcess.send(
                "POST", port: server.port, "/api/internal/sync/users",
                headers: ["X-Tenant-ID": "t1", "X-Sync-Source": "s", "Prefer": "wait=20"],
                body: Bodies.sync([Bodies.user("u1", "a@x.io"), Bodies.user("u2", "b@x.io")]))
            #expect(answer.status == 200)
            let counts = try await eventually {
                let text = String(decoding: try await server.get("/metrics").body, as: UTF8.self)
                return text.contains(#"usersync_users_processed_total{outcome="created"} 2"#)
                    && text.contains("usersync_job_duration_seconds_count 1")
                    && text.contains("usersync_job_wait_seconds_count 1")
                    && text.contains(#"usersync_webhook_attempts_total{result="delivered"} 1"#)
            }
            #expect(counts)
            #expect(await server.terminate(within: 25) == 0)
        }
    }

    @Test("a test that throws leaves no server behind")
    func leash() async throws {
        try await TestServer.inFolder { folder, receiver in
            var id: Int32 = 0
            await #expect(throws: CommandFailure.self) {
                let server = try await ServerProcess.start(folder: folder, receiver: receiver)
                id = server.processID
                throw CommandFailure("as a request that fails does")
            }
            #expect(id > 0)
            #expect(await eventually { kill(id, 0) != 0 })
        }
    }
}
