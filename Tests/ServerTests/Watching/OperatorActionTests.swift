import Logging
import ServerTestSupport
import TestSupport
import Testing

@Suite("The audit trail")
struct OperatorActionTests {
    private let unknown = "0198c1f2-9c00-7a3b-8d4e-000000000009"

    private func lines(_ server: TestServer) -> [CapturedLog.Line] { server.log.lines.filter { $0.message == "operator action" } }

    @Test("has a line for every action, accepted or refused, naming who did what to which")
    func everyAction() async throws {
        try await TestServer.run { server in
            try server.refuseBadUsers()
            let ended = try await server.submitted([Bodies.user("bad", "bad@x.io")])
            #expect(try await eventually { try await server.job(ended).webhook.state.string == "delivered" })
            let delivery = try #require(try await server.job(ended).webhook.id.string)
            var open = ""
            try await server.whileLocked {
                open = try await server.submitted([Bodies.user("u1", "a@x.io")])
                #expect(try await server.isDirectoryAway())
                for action in [
                    "jobs/\(ended)/cancel", "jobs/\(ended)/retry", "jobs/\(ended)/retry", "jobs/\(open)/retry",
                    "jobs/\(open)/cancel", "jobs/\(unknown)/cancel", "jobs/\(unknown)/retry",
                    "deliveries/\(delivery)/redeliver", "deliveries/msg_unknown/redeliver", "deliveries/test",
                ] {
                    _ = try await server.post(
                        "/api/internal/sync/\(action)",
                        headers: ["X-Internal-API-Key": TestServer.opsKey, "X-Request-ID": "request-of-the-test"])
                }
                _ = try await server.job(open)
            }
            let lines = lines(server)
            #expect(
                lines.map { $0.metadata["action"] } == [
                    "cancel", "retry", "retry", "retry", "cancel", "cancel", "retry", "redeliver", "redeliver", "test",
                ])
            let outcomes = lines.map { $0.metadata["outcome"] ?? "" }
            #expect(outcomes[0] == "refused: completed_with_errors")
            #expect(outcomes[1].hasPrefix("accepted as job ") && outcomes[2].hasPrefix("already linked to job "))
            #expect(outcomes[1].suffix(36) == outcomes[2].suffix(36))
            #expect(["refused: queued", "refused: running"].contains(outcomes[3]))
            #expect(
                outcomes[4...] == [
                    "accepted", "refused: unknown", "refused: unknown", "accepted", "refused: unknown", "accepted",
                ])
            #expect(
                lines.map { $0.metadata["jobId"] } == [
                    ended, ended, ended, open, open, unknown, unknown, nil, nil, nil,
                ])
            #expect(lines[7...8].map { $0.metadata["deliveryId"] } == [delivery, "msg_unknown"])
            for line in lines {
                #expect(line.level == .notice && line.metadata["role"] == "ops")
                #expect(line.metadata["keyId"]?.wholeMatch(of: /[0-9a-f]{8}/) != nil)
                #expect(line.metadata["requestId"] == "request-of-the-test")
                for value in line.metadata.values { #expect(!value.contains("Company") && !value.contains("@")) }
            }
            #expect(!server.log.contains(TestServer.opsKey))
        }
    }

    @Test("says that a test event had no address to go to")
    func noAddress() async throws {
        try await TestServer.run(["WRAPPER_WEBHOOK_URL": ""]) { server in
            _ = try await server.act("deliveries/test")
            #expect(lines(server).map { $0.metadata["outcome"] } == ["refused: no address"])
        }
    }
}
