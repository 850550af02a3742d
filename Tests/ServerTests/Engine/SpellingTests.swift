import GRDB
import ServerTestSupport
import SyncModel
import TestSupport
import Testing

/// Two tenants whose names are one text to Unicode, `é` composed and decomposed, and two to everybody else.
@Suite("Identities are bytes")
struct SpellingTests {
    private let composed = "caf\u{E9}"
    private let decomposed = "cafe\u{301}"

    private func users(_ server: TestServer, _ body: [String], tenant: String, header: String? = nil) async throws
        -> TestServer.Answer
    {
        try await server.post(
            "/api/internal/sync/users", Bodies.sync(body, tenant: tenant), headers: ["X-Tenant-ID": header ?? tenant])
    }

    @Test("two spellings of one tenant's name are two tenants: both end, each with its own figures, rows and jobs")
    func sideBySide() async throws {
        try await TestServer.run(["WORKERS": "2"]) { server in
            var jobs: [String] = []
            try await server.whileLocked {
                for (tenant, count) in [(composed, 450), (decomposed, 1)] {
                    let answer = try await users(server, Bodies.users(count, prefix: "u\(count)"), tenant: tenant)
                    #expect(answer.status == 202, "\(answer.text)")
                    jobs.append(try #require(answer.json.jobId.string))
                }
                let waiting = try await server.status().tenants.array
                #expect(waiting.count == 2)
                for (tenant, count) in [(composed, 450), (decomposed, 1)] {
                    let own = waiting.first { $0.tenantId.string.map { $0.utf8.elementsEqual(tenant.utf8) } == true }
                    #expect(own?.pendingUsers.int == count)
                    #expect(own?.openJobs.int == 1)
                }
            }
            for (job, count) in zip(jobs, [450, 1]) {
                let ended = try await server.ended(job)
                #expect(ended.status.string == "completed")
                #expect(ended.metadata.successful.int == count)
            }
            for (tenant, count) in [(composed, 450), (decomposed, 1)] {
                let rows = try server.rows("SELECT count(*) AS n FROM users WHERE tenant_id = '\(tenant)'")
                #expect(rows.first?["n"] == count)
                let coded = tenant.utf8.map { "%" + String($0, radix: 16) }.joined()
                let listed = try await server.get("/api/internal/sync/jobs?tenantId=\(coded)").json.jobs.array
                #expect(listed.count == 1)
                #expect(listed.first?.tenant.id.string.map { $0.utf8.elementsEqual(tenant.utf8) } == true)
            }
            #expect(try await server.status().pendingUsers.int == 0)
        }
    }

    @Test("a header in one spelling does not name the tenant of a body in the other")
    func mixed() async throws {
        try await TestServer.run { server in
            for (tenant, header) in [(composed, decomposed), (decomposed, composed)] {
                let answer = try await users(server, Bodies.users(1), tenant: tenant, header: header)
                #expect(answer.status == 400, "\(answer.text)")
            }
            #expect(try await server.get("/api/internal/sync/jobs").json.jobs.array.isEmpty)
        }
    }

    @Test("RATE_LIMIT_KEY=tenant counts each spelling for itself")
    func rateLimit() async throws {
        try await TestServer.run(["RATE_LIMIT_MAX": "1", "RATE_LIMIT_KEY": "tenant"]) { server in
            for (tenant, status) in [(composed, 202), (decomposed, 202), (composed, 429), (decomposed, 429)] {
                let answer = try await users(server, [], tenant: tenant)
                #expect(answer.status == status, "\(answer.text)")
            }
        }
    }
}
