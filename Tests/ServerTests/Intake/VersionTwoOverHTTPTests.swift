import Foundation
import GRDB
import ServerTestSupport
import SyncAPI
import SyncModel
import TestSupport
import Testing
import UsersyncApp

@Suite("Submitting: version 2, as the platform's own code calls")
struct VersionTwoOverHTTPTests {
    private static let path = "/api/admin/users/sync"
    private static let secret = "0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c"
    private static let settings = ["WRAPPER_SECRET_KEY": secret, "EMAIL_SCOPE": "tenant"]

    private func token(_ organisation: String = "org_1", _ server: TestServer) -> String {
        WrapperToken(orgCode: organisation).signed(with: Self.secret, at: server.clock.now)
    }

    /// A call as the platform makes it: a token, and no other header of ours.
    private func call(
        _ server: TestServer, _ body: String, token: String? = nil, headers: [String: String] = [:]
    ) async throws -> TestServer.Answer {
        let own = [
            "X-Internal-API-Key": "", "Authorization": "Bearer \(token ?? self.token(server))", "Accept": "application/json, */*",
            "User-Agent": "axios/1.7.7",
        ]
        return try await server.post(Self.path, body, headers: own.merging(headers) { $1 })
    }

    private func token(_ server: TestServer) -> String { token("org_1", server) }

    @Test("a call is answered with the result in the platform's form; the row and the webhook are there")
    func result() async throws {
        try await TestServer.run(Self.settings) { server in
            let body = Bodies.versionTwo([
                Bodies.userOfVersionTwo(
                    "kp_2", "Bob@Acme.example.com", first: "Bob", last: "Builder Junior", title: "Sales Manager")
            ])
            let answer = try await call(server, body)
            #expect(answer.status == 200 && answer.json.success == .bool(true))
            #expect(answer.json.message == .string("Synced 1 of 1 user"))
            let data = answer.json.data
            #expect(data.mode == .string("upsert") && data.timestamp.string != nil)
            #expect(data.summary.total.int == 1 && data.summary.created.int == 1)
            #expect(data.summary.updated.int == 0 && data.summary.failed.int == 0 && data.summary.errors.array.isEmpty)
            let user = try #require(data.results.array.first)
            #expect(user.userId == .string("kp_2") && user.email == .string("Bob@Acme.example.com"))
            #expect(user.status == .string("created") && user.crmUserId.string != nil)
            #expect(answer.header("x-ratelimit-limit") == nil && answer.header("preference-applied") == nil)

            let rows = try server.rows("SELECT tenant_id, email, name, title, is_active, is_admin FROM users")
            let row = try #require(rows.first)
            #expect(rows.count == 1 && row["tenant_id"] == "org_1" && row["email"] == "bob@acme.example.com")
            #expect(row["name"] == "Bob Builder Junior" && row["title"] == "Sales Manager")
            #expect(row["is_active"] == true && row["is_admin"] == false)
            let webhook = try #require(await server.receiver.wait(for: 1).first)
            #expect(webhook.headers["x-tenant-id"] == "org_1" && webhook.headers["x-sync-source"] == "wrapper-service")
            #expect(webhook.json.data.jobId == answer.json.jobId)
            #expect(webhook.json.data.tenant.id == .string("org_1"))
            let status = try #require(answer.json.statusUrl.string)
            #expect(try await server.get(status).json.status == .string("completed"))
        }
    }

    @Test("users that fail are named with the reason: 200 while one is in, 422 if none is")
    func failures() async throws {
        try await TestServer.run(["WRAPPER_SECRET_KEY": Self.secret, "VALIDATION": "per-user"]) { server in
            _ = try await server.synced([Bodies.user("other", "taken@x.io")], tenant: "t9")
            let taken = Bodies.userOfVersionTwo("u1", "taken@x.io")
            let some = try await call(server, Bodies.versionTwo([taken, Bodies.userOfVersionTwo("u2", "b@x.io")]))
            #expect(some.status == 200 && some.json.success == .bool(true))
            #expect(some.json.data.summary.failed.int == 1 && some.json.data.summary.created.int == 1)
            #expect(some.json.data.summary.errors.array.first?.string?.hasPrefix("taken@x.io: ") == true)
            #expect(some.json.data.results.array.first?.code == .string("email_in_other_tenant"))
            let none = try await call(server, Bodies.versionTwo([taken, Bodies.userOfVersionTwo("u3", "nonsense")]))
            #expect(none.status == 422 && none.json.success == .bool(false))
            #expect(none.json.data.summary.failed.int == 2 && none.json.data.summary.errors.array.count == 2)
            let empty = try await call(server, Bodies.versionTwo([]))
            #expect(empty.status == 200 && empty.json.data.results.array.isEmpty)
        }
    }

    @Test("full-reconcile applies the list, deactivates nobody, and says so")
    func fullReconcile() async throws {
        try await TestServer.run(Self.settings) { server in
            _ = try await call(server, Bodies.versionTwo(["a", "b"].map { Bodies.userOfVersionTwo("u-\($0)", "\($0)@x.io") }))
            let answer = try await call(
                server, Bodies.versionTwo([Bodies.userOfVersionTwo("u-a", "a@x.io", title: "Chief")], mode: "full-reconcile"))
            #expect(answer.status == 200 && answer.json.data.mode == .string("full-reconcile"))
            #expect(answer.json.data.summary.updated.int == 1)
            #expect(answer.json.warnings.array.contains { $0.string?.contains("deactivated nobody") == true })
            #expect(try server.rows("SELECT id FROM users WHERE is_active").count == 2)
        }
    }

    @Test("a result that takes longer than WRAPPER_WAIT is a 202; Prefer decides instead of it")
    func tooLong() async throws {
        try await TestServer.run(Self.settings.merging(["WRAPPER_WAIT": "0"]) { $1 }) { server in
            let body = Bodies.versionTwo([Bodies.userOfVersionTwo("u", "a@x.io")])
            let accepted = try await call(server, body)
            #expect(accepted.status == 202 && accepted.json.status.string != nil && accepted.header("location") != nil)
            _ = try await server.ended(try #require(accepted.json.jobId.string))
            let waited = try await call(server, body, headers: ["Prefer": "wait=20"])
            #expect(waited.status == 200 && waited.header("preference-applied") == "wait=20")
            #expect(waited.json.data.results.array.first?.outcome == .string("unchanged"))
        }
    }

    @Test("a server that stops answers a call that waits with the 202, and the user is in after the next start")
    func stopping() async throws {
        try await TestServer.run(Self.settings) { server in
            let crm = try OtherProcess(path: server.databasePath)
            try crm.lock()
            async let answer = call(server, Bodies.versionTwo([Bodies.userOfVersionTwo("u", "a@x.io")]))
            while try await server.get("/api/internal/sync/status").json.pendingUsers.int != 1 {
                try await Task.sleep(for: .milliseconds(10))
            }
            try await server.app.stop()
            let accepted = try await answer
            #expect(accepted.status == 202)
            try crm.unlock()
            try crm.close()
            try await TestServer.start(Self.settings, folder: server.folder, receiver: server.receiver) { again in
                _ = await again.receiver.wait(for: 1)
                let rows = try again.rows("SELECT id FROM users")
                #expect(rows.count == 1)
            }
        }
    }

    @Test("without WRAPPER_SECRET_KEY the path does not exist, whatever is sent to it")
    func unset() async throws {
        try await TestServer.run { server in
            let answers = [
                try await call(server, Bodies.versionTwo([])), try await server.post(Self.path, Bodies.versionTwo([])),
                try await server.get(Self.path), try await server.post(Self.path + "/", "{}"),
            ]
            for answer in answers {
                #expect(answer.status == 404 && answer.json.error == .string("Path not found"))
            }
        }
    }

    @Test(
        "a bad token, none, or a key instead is a 401 with the envelope; many from one address are a 429; a good one is still taken"
    )
    func badTokens() async throws {
        try await TestServer.run(Self.settings) { server in
            let body = Bodies.versionTwo([])
            let now = server.clock.now
            let expired = WrapperToken(orgCode: "org_1").signed(with: Self.secret, at: now.advanced(bySeconds: -3601))
            for bad in ["x", token(server) + "A", TestServer.key, Self.secret, expired] {
                let refused = try await call(server, body, token: bad)
                #expect(refused.status == 401 && refused.json.error == .string("Unauthorized - Invalid token"))
                #expect(refused.json.success == .bool(false) && refused.json.requestId.string != nil)
                #expect(refused.header("www-authenticate")?.contains("invalid_token") == true)
                #expect(refused.header("connection") == "close")
            }
            let keyOnly = try await server.post(Self.path, body)
            #expect(keyOnly.status == 401)
            let token = token(server)
            #expect(
                try await server.sync([], headers: ["X-Internal-API-Key": "", "Authorization": "Bearer \(token)"]).status == 401)
            for _ in 0..<30 { _ = try await call(server, body, token: "x") }
            #expect(try await call(server, body, token: "x").status == 429)
            #expect(try await call(server, body).status == 200)
            #expect(try await server.get(Self.path).status == 405)
            let jobs = try await server.get("/api/internal/sync/jobs").json.jobs.array
            #expect(jobs.count == 1)
        }
    }

    @Test("a token is for one organisation: another one in the body is a 403, another one of a user a 400")
    func otherOrganisation() async throws {
        try await TestServer.run(Self.settings) { server in
            for other in ["org_2", "org_", "org_1x", "ORG_1"] {
                let refused = try await call(server, Bodies.versionTwo([], organisation: other))
                #expect(refused.status == 403 && refused.json.details == .string("orgCode must be equal to the token's org_code"))
            }
            let user = Bodies.userOfVersionTwo("u", "a@x.io", organisation: "org_2")
            #expect(try await call(server, Bodies.versionTwo([user])).status == 400)
            // What a header says of the tenant does not count, not even one that would be refused elsewhere.
            for other in ["org_2", String(repeating: "x", count: 256)] {
                #expect(try await call(server, Bodies.versionTwo([]), headers: ["X-Tenant-ID": other]).status == 200)
            }
            let jobs = try await server.get("/api/internal/sync/jobs").json.jobs.array
            #expect(jobs.map(\.tenant.id) == [.string("org_1"), .string("org_1")])
        }
    }

    @Test("the accessibility check, an Idempotency-Key and gzip work as on the other path")
    func common() async throws {
        try await TestServer.run(Self.settings) { server in
            let check = try await call(server, #"{"test":"connection"}"#)
            #expect(check.status == 200 && check.json.message == .string("Connection OK"))
            let body = Bodies.versionTwo([Bodies.userOfVersionTwo("u", "a@x.io")])
            let first = try await call(server, body, headers: ["Idempotency-Key": "k"])
            let again = try await call(server, body, headers: ["Idempotency-Key": "k"])
            #expect(first.status == 200 && again.status == 202 && again.header("idempotent-replayed") == "true")
            #expect(first.json.jobId == again.json.jobId)
            #expect(try await call(server, Bodies.versionTwo([]), headers: ["Idempotency-Key": "k"]).status == 422)
            #expect(try await call(server, body, headers: ["Content-Type": "text/plain"]).status == 415)
            #expect(try await call(server, body + "x").status == 400)
        }
    }

    // MARK: On the guide's path

    @Test("the guide's path takes version 2 for the tenant that the header names, and answers as to the guide's body")
    func guidesPath() async throws {
        try await TestServer.run { server in
            let headers = ["X-Tenant-ID": "tenant-uuid", "X-Sync-Source": "wrapper-user-sync-service"]
            let body = Bodies.versionTwo([Bodies.userOfVersionTwo("kp_1", "a@x.io")])
            let accepted = try await server.post("/api/internal/sync/users", body, headers: headers)
            #expect(accepted.status == 202 && accepted.json.tenant.id == .string("tenant-uuid"))
            #expect(accepted.json.tenant.name == .string("org_1"))
            _ = try await server.ended(try #require(accepted.json.jobId.string))
            let waited = try await server.post(
                "/api/internal/sync/users", body, headers: headers.merging(["Prefer": "wait=20"]) { $1 })
            #expect(waited.status == 200 && waited.json.results.array.first?.outcome == .string("unchanged"))
            #expect(try server.rows("SELECT tenant_id FROM users").map { $0["tenant_id"] as String } == ["tenant-uuid"])
            #expect(try await server.post("/api/internal/sync/users", body).status == 400)
        }
    }

    @Test("version 2 does not count in the rate limit, nor is it kept out once the guide's submissions are used up")
    func rateLimit() async throws {
        try await TestServer.run(Self.settings.merging(["RATE_LIMIT_MAX": "2"]) { $1 }) { server in
            let body = Bodies.versionTwo([Bodies.userOfVersionTwo("kp_1", "a@x.io")])
            func push() async throws -> TestServer.Answer {
                try await server.post("/api/internal/sync/users", body, headers: ["X-Tenant-ID": "t1", "X-Sync-Source": "w"])
            }
            for _ in 0..<5 {
                let answer = try await push()
                #expect(answer.status == 202 && answer.header("x-ratelimit-limit") == nil)
            }
            #expect(try await server.sync([]).header("x-ratelimit-remaining") == "1")
            #expect(try await server.sync([Bodies.user("u1", "bad")]).status == 400)
            #expect(try await server.sync([]).status == 429)
            #expect(try await push().status == 202)
            #expect(try await call(server, body).status == 200)
            #expect(try await server.sync([]).status == 429)
            let unknown = "{\"pad\":\"" + String(repeating: "x", count: 200_000) + "\","
            let late = try await server.post(
                "/api/internal/sync/users", unknown + body.dropFirst(), headers: ["X-Tenant-ID": "t1", "X-Sync-Source": "w"])
            #expect(late.status == 429, "who is over the limit is not read for ever")
            let malformed = try await server.post(
                "/api/internal/sync/users", "{\"pad\":\"\(String(repeating: "x", count: 200))",
                headers: ["X-Tenant-ID": "t1", "X-Sync-Source": "w"])
            #expect(malformed.status == 429, "what is not known to be version 2 counts")
        }
    }

    @Test("every user twice in one list costs no failure")
    func twice() async throws {
        try await TestServer.run(Self.settings) { server in
            let users = (0..<60).map { Bodies.userOfVersionTwo($0 % 2 == 0 ? "kp_\($0)" : "u-\($0)", "a\($0)@x.io") }
            let answer = try await call(server, Bodies.versionTwo(users.flatMap { [$0, $0] }))
            #expect(answer.status == 200 && answer.json.data.summary.failed.int == 0)
            #expect(answer.json.data.summary.created.int == 60 && answer.json.data.summary.updated.int == 60)
            #expect(try server.rows("SELECT id FROM users").count == 60)
        }
    }
}
