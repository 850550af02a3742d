import Foundation
import GRDB
import JobQueue
import ServerTestSupport
import Settings
import SyncModel
import SyncServer
import TestSupport
import Testing
import UsersyncApp

@Suite("Submitting: one tenant under several names")
struct TenantAliasTests {
    private let uuid = "3f2b6c1e-0d4a-4b8f-9a51-7c2e9d3f1a01"
    private let org = "org_acme9f3"

    /// The guide's body with the further names of a tenant.
    private func body(_ users: [String], tenant: String, org: String) -> String {
        Bodies.sync(users, tenant: tenant).replacing(#""name":"Company"#, with: #""kindeOrgId":"\#(org)","name":"Company"#)
    }

    private func submit(_ server: TestServer, _ body: String, tenant: String) async throws -> TestServer.Answer {
        try await server.post(
            "/api/internal/sync/users", body,
            headers: ["X-Tenant-ID": tenant, "X-Sync-Source": "tests", "Prefer": "wait=20"])
    }

    @Test("a person sent under both names of a tenant is one user, and each caller hears of the name it used")
    func onePerson() async throws {
        try await TestServer.run { server in
            let user = Bodies.user("u1", "ada@x.io")
            let first = try await submit(server, body([user], tenant: uuid, org: org), tenant: uuid)
            #expect(first.status == 200 && first.json.results[0].outcome.string == "created")
            let second = try await submit(server, Bodies.sync([user], tenant: org), tenant: org)
            #expect(second.json.results[0].outcome.string == "unchanged")
            #expect(second.json.tenant.id.string == org)
            #expect(second.json.sequence.int == 2)
            #expect(try server.rows("SELECT tenant_id FROM users").map { $0["tenant_id"] as String? } == [uuid])
            #expect(try server.rows("SELECT DISTINCT tenant_id FROM sync_logs").map { $0["tenant_id"] as String? } == [uuid])
            let removal = try await server.post(
                "/api/internal/sync/remove-user", Bodies.removal("u1", tenant: org),
                headers: ["X-Tenant-ID": org, "Prefer": "wait=20"])
            #expect(removal.json.results[0].outcome.string == "removed")
            let webhooks = await server.receiver.wait(for: 3)
            #expect(Set(webhooks.map { $0.headers["x-tenant-id"] }) == [uuid, org])
            #expect(webhooks.allSatisfy { $0.json.data.tenant.id.string == $0.headers["x-tenant-id"] })
            for name in [uuid, org] {
                for list in ["jobs", "deliveries"] {
                    let page = try await server.get("/api/internal/sync/\(list)?tenantId=\(name)").json
                    #expect(page[list].array.count == 3, "\(list) of \(name)")
                }
            }
        }
    }

    @Test("users that the CRM had before count: the name under which they are stays their tenant's")
    func rowsOfOthers() async throws {
        try await TestServer.run { server in
            try server.execute(
                "INSERT INTO users (email, name, tenant_id, wrapper_user_id) VALUES ('ada@x.io', 'Ada', '\(org)', 'u1')")
            let job = try await submit(server, body([Bodies.user("u1", "ada@x.io")], tenant: uuid, org: org), tenant: uuid)
            #expect(job.json.results[0].outcome.string == "updated")
            #expect(try server.rows("SELECT tenant_id FROM users").map { $0["tenant_id"] as String? } == [org])
        }
    }

    @Test("while the CRM's database cannot be asked a job is accepted under the sent name, and learns nothing")
    func away() async throws {
        try await TestServer.run { server in
            try server.execute("ALTER TABLE users RENAME TO people")
            let answer = try await server.post(
                "/api/internal/sync/users", body([], tenant: uuid, org: org),
                headers: ["X-Tenant-ID": uuid, "X-Sync-Source": "tests"])
            #expect(answer.status == 202)
            #expect(try server.queueRows("SELECT alias FROM tenant_aliases").isEmpty)
            try server.execute("ALTER TABLE people RENAME TO users")
            _ = try await submit(server, body([], tenant: uuid, org: org), tenant: uuid)
            #expect(try server.queueRows("SELECT alias FROM tenant_aliases").map { $0["alias"] as String? } == [org])
        }
    }

    @Test("a CRM database that does not answer holds no request up for good")
    func hangs() async throws {
        try await TestServer.run { server in
            let assembly = server.app.assembly
            var dependencies = IntakeDependencies(
                queue: assembly.queue, engine: assembly.engine, settings: assembly.settings, clock: server.clock.wallClock,
                limiter: SubmissionLimiter(assembly.settings.rateLimit, clock: server.clock.wallClock),
                budget: RunBudget(blocks: 4), isDraining: { false }, callbackProblem: { _ in nil })
            let (hanging, end) = AsyncStream<Void>.makeStream()
            dependencies.usersPatience = .milliseconds(10)
            dependencies.hasUsers = { _ in
                for await _ in hanging {}
                return false
            }
            var job = NewJob(
                id: JobID(now: server.clock.now), operation: .userSync, tenantID: TenantID(uuid), tenantName: "T",
                source: "tests", syncTime: nil, acceptedAt: server.clock.now, totalUsers: 0, requestID: "r")
            job.otherTenantIDs = [TenantID(org)]
            let known = try await dependencies.withKnownUsers(job)
            #expect(known.hasUsers.isEmpty)
            end.finish()
        }
    }

    @Test("a request that contradicts what is known is accepted under its own name, with a warning")
    func contradiction() async throws {
        try await TestServer.run { server in
            for name in [uuid, org] { _ = try await server.submitted([], tenant: name) }
            let answer = try await server.post(
                "/api/internal/sync/users", body([], tenant: uuid, org: org),
                headers: ["X-Tenant-ID": uuid, "X-Sync-Source": "tests"])
            #expect(answer.status == 202)
            #expect(answer.json.warnings.array.count == 1)
            #expect(answer.json.warnings[0].string?.contains(org) == true)
        }
    }

    @Test("with RATE_LIMIT_KEY=tenant all names of a tenant have one limit")
    func rateLimit() async throws {
        try await TestServer.run(["RATE_LIMIT_MAX": "2", "RATE_LIMIT_KEY": "tenant"]) { server in
            let first = try await submit(server, body([], tenant: uuid, org: org), tenant: uuid)
            let second = try await submit(server, Bodies.sync([], tenant: org), tenant: org)
            let third = try await submit(server, Bodies.sync([], tenant: org), tenant: org)
            #expect([first, second, third].map(\.status) == [200, 200, 429])
        }
    }

    @Test("TENANT_ALIASES=off: each name is a tenant")
    func off() async throws {
        try await TestServer.run(["TENANT_ALIASES": "off"]) { server in
            let user = Bodies.user("u1", "ada@x.io")
            _ = try await submit(server, body([user], tenant: uuid, org: org), tenant: uuid)
            let second = try await submit(server, Bodies.sync([user], tenant: org), tenant: org)
            #expect(second.json.results[0].code.string == "email_in_other_tenant")
        }
    }

    @Test("users of a name that stands for another tenant, from a time without aliases, are a warning at the start")
    func splitTenant() async throws {
        let message = "the CRM has users of names that stand for another tenant: no sync of that tenant finds them"
        try await TestServer.run { server in
            _ = try await server.synced([Bodies.user("u1", "ada@x.io")], tenant: "acme")
            #expect(try await server.act("tenants/aliases/set?alias=acme-eu&tenantId=acme").status == 200)
            #expect(try await server.act("tenants/aliases/set?alias=acme&tenantId=acme").status == 200)
            try server.execute("INSERT INTO users (email, name, tenant_id) VALUES ('eve@x.io', 'Eve', 'acme-eu')")
            try await server.app.stop()
            try await TestServer.start(folder: server.folder, receiver: server.receiver) { again in
                #expect(await eventually { again.log.lines.contains { $0.message == message } })
                let line = again.log.lines.first { $0.message == message }
                #expect(line?.metadata["names"] == "1", "one that is an alias of itself is where it should be")
                #expect(line?.metadata["alias"] == "acme-eu" && line?.metadata["tenantId"] == "acme")
            }
        }
    }
}
