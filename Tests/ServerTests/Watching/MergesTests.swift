import GRDB
import ServerTestSupport
import TestSupport
import Testing

@Suite("Merging tenants over HTTP")
struct MergesTests {
    private func end(_ server: TestServer, _ id: Int) async throws -> JSONValue {
        for _ in 0..<600 {
            let merge = try await server.get("/api/internal/sync/tenants/merges/\(id)").json
            if merge.endedAt.string != nil { return merge }
            try await Task.sleep(for: .milliseconds(100))
        }
        return try #require(nil, "it does not end")
    }

    @Test("two tenants in use become one: previewed, done, and seen by every caller")
    func merges() async throws {
        try await TestServer.run { server in
            _ = try await server.synced([Bodies.user("u1", "ada@x.io")], tenant: "acme")
            _ = try await server.synced([Bodies.user("u2", "bob@x.io"), Bodies.user("u3", "eve@x.io")], tenant: "acme-eu")
            let names = "alias=acme-eu&tenantId=acme"
            let preview = try await server.get("/api/internal/sync/tenants/aliases/merge/preview?\(names)")
            #expect(preview.status == 200 && preview.json.moved.int == 2 && preview.json.conflicts.int == 0)
            #expect(try server.rows("SELECT id FROM users WHERE tenant_id = 'acme'").count == 1, "a preview changes nothing")
            let begun = try await server.act("tenants/aliases/merge?\(names)")
            #expect(begun.status == 202)
            let id = try #require(begun.json.merge.id.int)
            #expect(begun.header("location") == "/api/internal/sync/tenants/merges/\(id)")
            let merge = try await end(server, id)
            #expect(merge.state.string == "merged" && merge.moved.int == 2 && merge.joined.int == 0)
            #expect(try server.rows("SELECT id FROM users WHERE tenant_id = 'acme'").count == 3)
            #expect(try server.rows("SELECT DISTINCT tenant_id FROM sync_logs").map { $0["tenant_id"] as String? } == ["acme"])
            let changed = try await server.synced([Bodies.user("u2", "bob@x.io", name: "Other")], tenant: "acme-eu")
            #expect(changed.results[0].outcome.string == "updated" && changed.tenant.id.string == "acme-eu")
            for list in ["jobs", "deliveries"] {
                let page = try await server.get("/api/internal/sync/\(list)?tenantId=acme").json
                #expect(page[list].array.count == 3, "\(list)")
            }
            #expect(try await server.act("tenants/aliases/merge?\(names)").status == 200, "they are one")
            #expect(try await server.get("/api/internal/sync/tenants/aliases/merge/preview?\(names)").status == 409)
            #expect(try await server.act("tenants/merges/\(id)/cancel").status == 409)
            #expect(try await server.get("/api/internal/sync/tenants/merges").json.merges.array.map { $0.id.int } == [id])
        }
    }

    @Test("users that cannot be told apart refuse it: nothing is changed, and what waited goes on under both")
    func refused() async throws {
        try await TestServer.run(["EMAIL_SCOPE": "tenant"]) { server in
            _ = try await server.synced([Bodies.user("u1", "ada@x.io")], tenant: "acme")
            _ = try await server.synced([Bodies.user("u2", "ada@x.io")], tenant: "acme-eu")
            let before = try server.rows("SELECT * FROM users ORDER BY id").map(\.description)
            let preview = try await server.get("/api/internal/sync/tenants/aliases/merge/preview?alias=acme-eu&tenantId=acme")
                .json
            #expect(preview.conflicts.int == 1 && preview.firstConflicts[0].reason.string == "other_id")
            let begun = try await server.act("tenants/aliases/merge?alias=acme-eu&tenantId=acme")
            let merge = try await end(server, try #require(begun.json.merge.id.int))
            #expect(merge.state.string == "refused" && merge.error.string?.contains("other_id") == true)
            #expect(try server.rows("SELECT * FROM users ORDER BY id").map(\.description) == before)
            let later = try await server.synced([Bodies.user("u2", "ada@x.io", name: "Ada")], tenant: "acme-eu")
            #expect(later.results[0].outcome.string == "updated")
        }
    }

    @Test("a name that nobody knows is a 409: users must not go to one that is misspelt")
    func misspelt() async throws {
        try await TestServer.run { server in
            _ = try await server.synced([Bodies.user("u1", "ada@x.io")], tenant: "acme")
            for names in ["alias=acme&tenantId=acmee", "alias=org_1&tenantId=acme"] {
                let begun = try await server.act("tenants/aliases/merge?\(names)")
                #expect(begun.status == 409 && begun.json.details.string?.contains("misspelt") == true)
                #expect(try await server.get("/api/internal/sync/tenants/aliases/merge/preview?\(names)").status == 409)
            }
            try server.execute("INSERT INTO users (email, name, tenant_id) VALUES ('eve@x.io', 'Eve', 'org_1')")
            #expect(try await server.act("tenants/aliases/merge?alias=org_1&tenantId=acme").status == 202)
        }
    }

    @Test("bad names and numbers are 400 and 404, and with TENANT_ALIASES=off it is a 409")
    func wrong() async throws {
        try await TestServer.run(["TENANT_ALIASES": "off"]) { server in
            for query in ["", "?alias=a", "?tenantId=a", "?alias=&tenantId=a", "?alias=%00&tenantId=a"] {
                #expect(try await server.act("tenants/aliases/merge\(query)").status == 400, "\(query)")
                #expect(
                    try await server.get("/api/internal/sync/tenants/aliases/merge/preview\(query)").status == 400, "\(query)")
            }
            for id in ["0", "-1", "99999999999999999999", "x", "1"] {
                #expect(try await server.get("/api/internal/sync/tenants/merges/\(id)").status == 404, "\(id)")
                #expect(try await server.act("tenants/merges/\(id)/cancel").status == 404, "\(id)")
            }
            let off = try await server.act("tenants/aliases/merge?alias=a&tenantId=b")
            #expect(off.status == 409)
        }
    }
}
