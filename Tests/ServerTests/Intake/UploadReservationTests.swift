import Foundation
import ServerTestSupport
import TestSupport
import Testing
import UsersyncApp

@testable import JobQueueSQLite

@Suite("Submitting: what is reserved for a body")
struct UploadReservationTests {
    @Test("is given back however the request ends")
    func givenBack() async throws {
        try await TestServer.run(["RATE_LIMIT_MAX": "1000"]) { server in
            let queue = try #require(server.app.assembly.queue as? SQLiteJobQueue)
            let path = "/api/internal/sync/users"
            let users = Bodies.users(9_000)
            let padding = String(repeating: " ", count: 3 << 20)
            let bodies: [(String, Int)] = [
                (#"{"test":"connection"}"# + padding, 400), (Bodies.sync(users) + padding, 202),
                (Bodies.sync(users + [#"{"id":7}"#]) + padding, 400), (Bodies.sync(users) + padding + "}", 400),
                (Bodies.sync(users, tenant: "other") + padding, 400), ("[]" + padding, 400),
            ]
            for (body, status) in bodies {
                let answer = try await server.post(path, body, headers: ["X-Tenant-ID": "t1", "X-Sync-Source": "tests"])
                #expect(answer.status == status, "\(body.prefix(40)): \(answer.body.prefix(200))")
                #expect(queue.gate.uploads == 0, "\(body.prefix(40))")
            }
            // A caller who goes away.
            try await RawConnection.run(port: server.port) { write, _ in
                try await write(
                    "POST \(path) HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Internal-API-Key: \(TestServer.key)\r\n"
                        + "X-Tenant-ID: t1\r\nX-Sync-Source: tests\r\nContent-Length: 3000000\r\n\r\n{")
                #expect(await eventually { queue.gate.uploads == 1 })
            }
            #expect(await eventually { queue.gate.uploads == 0 })
        }
    }
}
