import Foundation
import Settings
import SyncAPI
import SyncClient
import SyncModel
import TestSupport
import Testing

@testable import usersync

@Suite("An answer before the request is read")
struct EarlyAnswerTests {
    @Test("is told, with its reason, though the connection was used before and is closed then")
    func refused() async throws {
        let reason = #"{"success":false,"error":"The queue's disk is full"}"#
        let responder = RawResponder(answers: [
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
            "HTTP/1.1 503 No\r\nConnection: close\r\nContent-Length: \(reason.utf8.count)\r\n\r\n\(reason)",
        ])
        let users = DemoUsers(tenantID: "t", tenantName: "T", domain: "t.example")
        let failure = try await responder.serve { url in
            let target = SyncClient.Target(url: url, address: try WebAddress(url), key: Secret("k"))
            return try await SyncClient.with(target) { client in
                let server = ScratchServer(directory: "", key: Secret("k"), wrapperSecret: Secret("w"), client: client)
                _ = try await client.send(client.request(.live))
                return await #expect(throws: Refusal.self) {
                    try await server.submit(users, json: String(repeating: " ", count: 20_000_000))
                }
            }
        }
        #expect(failure?.status == 503 && failure?.description.contains("The queue's disk is full") == true)
    }
}
