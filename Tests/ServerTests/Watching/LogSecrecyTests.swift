import ServerTestSupport
import TestSupport
import Testing

@Suite("What the log keeps to itself")
struct LogSecrecyTests {
    private let secret = "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEy"

    @Test("nothing of a user, no key and no secret reaches the log, at any level, whatever goes wrong")
    func secrecy() async throws {
        let settings = ["APP_ENV": "development", "WEBHOOK_SECRET": secret]
        try await TestServer.run(settings) { server in
            try server.refuseBadUsers()
            server.receiver.answer(with: 500)
            let fields = #""department":"Hidden Department","title":"Hidden Title","avatar":"https://x.io/hidden.png""#
            let ended = try await server.synced([
                Bodies.user("hidden-1", "hidden1@x.io", name: "Hidden One", more: fields),
                Bodies.user("bad", "bad@x.io", name: "Hidden Two", more: fields),
                Bodies.user("hidden-3", "hidden1@x.io", name: "Hidden Three"),
            ])
            #expect(ended.metadata.failed.int == 1)
            let id = try #require(ended.jobId.string)
            for body in [
                Bodies.sync([Bodies.user("hidden-4", "hidden4 at x.io", name: "Hidden Four")]),
                Bodies.sync([Bodies.user("hidden-5", "hidden5@x.io")]) + "Hidden Rest",
                Bodies.sync([Bodies.user("hidden-6", "hidden6@x.io", more: #""isAdmin":"hidden""#)]),
            ] {
                let answer = try await server.post(
                    "/api/internal/sync/users", body, headers: ["X-Tenant-ID": "t1", "X-Sync-Source": "tests"])
                #expect(answer.status == 400)
            }
            let removal = try await server.post(
                "/api/internal/sync/remove-user", Bodies.removal("hidden-7", more: #""reason":"Hidden Reason""#),
                headers: ["X-Tenant-ID": "t1", "Prefer": "wait=20"])
            #expect(removal.status == 200)
            for headers in [
                ["X-Internal-API-Key": "hidden-wrong-key"], ["X-Internal-API-Key": "", "Authorization": "Bearer hidden"],
            ] {
                #expect(try await server.get("/api/internal/sync/status", headers: headers).status == 401)
            }
            _ = try await server.get("/api/internal/sync/jobs/\(id)/results?status=failed")
            _ = try await server.get("/api/internal/sync/status", headers: ["X-Internal-API-Key": TestServer.opsKey])
            _ = try await server.post("/api/internal/sync/jobs/\(id)/retry")
            #expect(await eventually { !server.receiver.received.isEmpty && server.log.contains("HTTP 500") })
            let text = server.log.text.lowercased()
            #expect(text.contains("full request details") && text.contains("listening"))
            for word in ["hidden", "bad@x.io", "@x.io", TestServer.key, TestServer.opsKey, secret.lowercased()] {
                #expect(!text.contains(word), "\(word)")
            }
        }
    }
}
