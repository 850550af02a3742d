import ServerTestSupport
import TestSupport
import Testing

@Suite("The names of tenants")
struct TenantsTests {
    private let aliases = "/api/internal/sync/tenants/aliases"

    @Test("an operator sets one while it is unused, sees it, and forgets it")
    func setAndForget() async throws {
        try await TestServer.run { server in
            _ = try await server.synced([Bodies.user("u1", "ada@x.io")], tenant: "acme")
            let set = try await server.act("tenants/aliases/set?alias=acme-eu&tenantId=acme")
            #expect(set.status == 200 && set.json.alias.tenantId.string == "acme" && set.json.alias.origin.string == "set")
            let moved = try await server.synced([Bodies.user("u1", "ada@x.io", name: "Other")], tenant: "acme-eu")
            #expect(moved.results[0].outcome.string == "updated" && moved.tenant.id.string == "acme-eu")
            let list = try await server.get("\(aliases)?tenantId=acme-eu").json
            #expect(list.aliases.array.map { $0.alias.string } == ["acme-eu"])
            for query in [
                "set?alias=acme-uk&tenantId=acme&tenant=x", "forget?alias=acme-eu&tenantId=other",
                "merge?alias=a&tenantId=b&yes=0",
            ] {
                #expect(try await server.act("tenants/aliases/\(query)").status == 400, "\(query)")
            }
            #expect(try await server.act("tenants/aliases/forget?alias=acme-eu").status == 200)
            #expect(try await server.act("tenants/aliases/forget?alias=acme-eu").status == 404)
            #expect(try await server.get(aliases).json.aliases.array.isEmpty)
        }
    }

    @Test("one of a tenant that nobody knows is set, and the answer says so")
    func unknownTenant() async throws {
        try await TestServer.run { server in
            let doubt = "No job and no user of acmee is known"
            for word in ["stands for", "stood for"] {
                let set = try await server.act("tenants/aliases/set?alias=org_1&tenantId=acmee")
                #expect(set.status == 200)
                let message = try #require(set.json.message.string)
                #expect(message.contains(word) && message.contains(doubt))
            }
            let itself = try await server.act("tenants/aliases/set?alias=own&tenantId=own")
            #expect(itself.json.message.string == "own stands for own")
            // Known by a user, and by a job, of whichever name.
            try server.execute("INSERT INTO users (email, name, tenant_id) VALUES ('eve@x.io', 'Eve', 'bolt')")
            let user = try await server.act("tenants/aliases/set?alias=org_2&tenantId=bolt")
            #expect(user.json.message.string == "org_2 stands for bolt")
            _ = try await server.synced([Bodies.user("u1", "ada@x.io")], tenant: "org_1")
            let job = try await server.act("tenants/aliases/set?alias=org_3&tenantId=org_1")
            #expect(job.json.message.string == "org_3 stands for acmee")
        }
    }

    @Test("a removal that came before its user keeps its name from being set: the user would be active under the other one")
    func earlyRemoval() async throws {
        try await TestServer.run { server in
            _ = try await server.synced([Bodies.user("u1", "ada@x.io")], tenant: "acme")
            let removed = try await server.post(
                "/api/internal/sync/remove-user", Bodies.removal("u2", tenant: "early"),
                headers: ["X-Tenant-ID": "early", "Prefer": "wait=20"])
            #expect(removed.json.results[0].code.string == "user_not_found")
            let refused = try await server.act("tenants/aliases/set?alias=early&tenantId=acme")
            #expect(refused.status == 409 && refused.json.details.string?.contains("removal") == true)
        }
    }

    @Test("a name with users or jobs is a 409, and one of which the CRM's database cannot say it a 503")
    func refused() async throws {
        try await TestServer.run { server in
            _ = try await server.synced([Bodies.user("u1", "ada@x.io")], tenant: "acme")
            #expect(try await server.act("tenants/aliases/set?alias=acme&tenantId=bolt").status == 409)
            try server.execute("INSERT INTO users (email, name, tenant_id) VALUES ('eve@x.io', 'Eve', 'bolt')")
            #expect(try await server.act("tenants/aliases/set?alias=bolt&tenantId=acme").status == 409)
            try server.execute("ALTER TABLE users RENAME TO people")
            #expect(try await server.act("tenants/aliases/set?alias=corp&tenantId=acme").status == 503)
            try server.execute("ALTER TABLE people RENAME TO users")
            for query in ["", "?alias=a", "?tenantId=a", "?alias=&tenantId=a", "?alias=%FF&tenantId=a"] {
                #expect(try await server.act("tenants/aliases/set\(query)").status == 400, "\(query)")
            }
        }
    }
}
