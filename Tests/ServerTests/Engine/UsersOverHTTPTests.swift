import Foundation
import GRDB
import ServerTestSupport
import TestSupport
import Testing

@Suite("Users over HTTP: what becomes of them")
struct UsersOverHTTPTests {
    private func syncTime(_ time: String) -> String { #"{"syncTime":"2025-08-19T\#(time):00.000Z"}"# }

    private func removal(_ server: TestServer, _ id: String, more: String = "") async throws -> JSONValue {
        let answer = try await server.post(
            "/api/internal/sync/remove-user", Bodies.removal(id, more: more), headers: ["X-Tenant-ID": "t1", "Prefer": "wait=20"])
        return answer.json
    }

    private func outcomes(_ json: JSONValue) -> [String?] { json.results.array.map(\.outcome.string) }

    @Test("created, updated, unchanged, stale, removed and failed: each user says which, and the counts agree")
    func everyOutcome() async throws {
        try await TestServer.run { server in
            let first = try await server.synced(
                [Bodies.user("u1", "a@x.io"), Bodies.user("u2", "b@x.io")], metadata: syncTime("10:00"))
            #expect(outcomes(first) == ["created", "created"])
            #expect(first.metadata.created.int == 2 && first.metadata.successful.int == 2)

            let second = try await server.synced(
                [Bodies.user("u1", "a@x.io"), Bodies.user("u2", "b@x.io", name: "New"), Bodies.user("u3", "c@x.io")],
                metadata: syncTime("11:00"))
            #expect(outcomes(second) == ["unchanged", "updated", "created"])
            #expect(second.results.array.map(\.status.string) == ["updated", "updated", "created"])
            let counts = second.metadata
            #expect(counts.created.int == 1 && counts.updated.int == 1 && counts.unchanged.int == 1 && counts.successful.int == 3)
            #expect(second.results[0].crmUserId == first.results[0].crmUserId)

            // Older than what was applied last, also where that changed nothing.
            let late = try await server.synced(
                [Bodies.user("u1", "a@x.io", name: "Old"), Bodies.user("u2", "b@x.io", name: "Old")], metadata: syncTime("10:30"))
            #expect(outcomes(late) == ["stale", "stale"])
            #expect(late.metadata.stale.int == 2 && late.metadata.successful.int == 2 && late.status.string == "completed")
            // An equal one is not stale.
            let equal = try await server.synced([Bodies.user("u2", "b@x.io", name: "Equal")], metadata: syncTime("11:00"))
            #expect(outcomes(equal) == ["updated"])

            let removed = try await removal(server, "u2", more: #""removedAt":"2025-08-19T12:00:00.000Z""#)
            #expect(outcomes(removed) == ["removed"] && removed.metadata.removed.int == 1)
            // A late older sync does not bring the user back, nor does an older removal take a user away.
            let returning = try await server.synced(
                [Bodies.user("u2", "b@x.io", more: #""isActive":true"#)], metadata: syncTime("11:30"))
            #expect(outcomes(returning) == ["stale"])
            let older = try await removal(server, "u3", more: #""removedAt":"2025-08-19T10:00:00.000Z""#)
            #expect(outcomes(older) == ["stale"])
            let unknown = try await removal(server, "nobody")
            #expect(unknown.results[0].code.string == "user_not_found" && unknown.metadata.failed.int == 1)

            let rows = try server.rows("SELECT wrapper_user_id, name, is_active FROM users ORDER BY wrapper_user_id")
            #expect(rows.map { $0["name"] as String } == ["Some Name", "Equal", "Some Name"])
            #expect(rows.map { $0["is_active"] as Bool } == [true, false, true])
            // Every job left its line in the CRM's log.
            let logs = try server.rows("SELECT total_users, successful, failed FROM sync_logs ORDER BY id")
            #expect(logs.count == 8)
            #expect(logs[1]["total_users"] == 3)
            #expect(logs[1]["successful"] == 3)
            #expect(logs[7]["failed"] == 1)
        }
    }

    @Test("a string for roles or permissions is stored as an array of one")
    func stringsForLists() async throws {
        try await TestServer.run { server in
            _ = try await server.synced([Bodies.user("u1", "a@x.io", more: #""roles":"manager","permissions":"*""#)])
            let row = try #require(try server.rows("SELECT * FROM users").first)
            #expect(row["roles"] == #"["manager"]"#)
            #expect(row["permissions"] == #"["*"]"#)
            let again = try await server.synced([Bodies.user("u1", "a@x.io", more: #""roles":["manager"],"permissions":["*"]"#)])
            #expect(outcomes(again) == ["unchanged"])
        }
    }

    @Test("an absent field keeps its value, null clears it or sets its default, and what is present is written")
    func nullAndAbsent() async throws {
        try await TestServer.run { server in
            let all = #"""
                "kindeUserId":"k1","avatar":"http://a","isActive":false,"isAdmin":true,"department":"Sales","title":"Boss",\#
                "roles":["r"],"permissions":{"p":1},"allowedApplications":["crm"],"subscriptionTier":"gold"
                """#
            _ = try await server.synced([Bodies.user("u1", "a@x.io", more: all)])
            func row() throws -> Row { try #require(try server.rows("SELECT * FROM users").first) }
            let before = try row()
            #expect(before["is_admin"] == true)
            #expect(before["is_active"] == false)
            #expect(before["department"] == "Sales")
            #expect(before["roles"] == #"["r"]"#)
            #expect(before["permissions"] == #"{"p":1}"#)
            #expect(before["subscription_tier"] == "gold")

            let absent = try await server.synced([Bodies.user("u1", "a@x.io")])
            #expect(outcomes(absent) == ["unchanged"])
            for column in [
                "is_admin", "is_active", "department", "title", "roles", "permissions", "avatar", "kinde_user_id", "updated_at",
            ] {
                #expect(try row()[column] as DatabaseValue == before[column], "\(column)")
            }

            let rights = try await server.synced([
                Bodies.user("u1", "a@x.io", more: #""isAdmin":false,"department":"Support","title":"Clerk""#)
            ])
            #expect(outcomes(rights) == ["updated"])
            let changed = try row()
            #expect(changed["is_admin"] == false)
            #expect(changed["department"] == "Support")
            #expect(changed["title"] == "Clerk")

            let nulls =
                #""kindeUserId":null,"avatar":null,"isActive":null,"isAdmin":null,"department":null,"title":null,"#
                + #""roles":null,"permissions":null,"allowedApplications":null,"subscriptionTier":null,"lastActiveAt":null"#
            _ = try await server.synced([Bodies.user("u1", "a@x.io", more: nulls)])
            let cleared = try row()
            for column in [
                "kinde_user_id", "avatar", "department", "title", "allowed_applications", "subscription_tier", "last_active_at",
            ] {
                #expect((cleared[column] as DatabaseValue).isNull, "\(column)")
            }
            #expect(cleared["is_active"] == true)
            #expect(cleared["is_admin"] == false)
            #expect(cleared["roles"] == "[]")
            #expect(cleared["permissions"] == "[]")
        }
    }

    @Test("an email is matched without regard to case, follows its user, and may be taken over by a re-created account")
    func emails() async throws {
        try await TestServer.run { server in
            _ = try await server.synced([Bodies.user("u1", "Ada@X.io")])
            let same = try await server.synced([Bodies.user("u1", "aDA@x.IO")])
            #expect(outcomes(same) == ["unchanged"] && same.results[0].email.string == "aDA@x.IO")
            let moved = try await server.synced([Bodies.user("u1", "ada@new.io")])
            #expect(outcomes(moved) == ["updated"])
            let recreated = try await server.synced([Bodies.user("u9", "ADA@new.io")])
            #expect(outcomes(recreated) == ["updated"] && recreated.results[0].crmUserId == moved.results[0].crmUserId)
            let rows = try server.rows("SELECT email, wrapper_user_id FROM users")
            #expect(rows.count == 1)
            #expect(rows[0]["email"] == "ada@new.io")
            #expect(rows[0]["wrapper_user_id"] == "u9")
        }
    }

    @Test("two users of one request may swap their addresses, also across its batches")
    func swap() async throws {
        try await TestServer.run { server in
            let others = Bodies.users(250)
            _ = try await server.synced([Bodies.user("a", "one@x.io"), Bodies.user("b", "two@x.io")])
            let swapped = try await server.synced([Bodies.user("a", "two@x.io")] + others + [Bodies.user("b", "one@x.io")])
            #expect(swapped.status.string == "completed" && swapped.metadata.failed.int == 0)
            #expect(swapped.results[0].outcome.string == "updated" && swapped.results[251].outcome.string == "updated")
            #expect(swapped.metadata.created.int == 250 && swapped.metadata.updated.int == 2)
            let rows = try server.rows("SELECT wrapper_user_id, email FROM users WHERE wrapper_user_id IN ('a', 'b') ORDER BY 1")
            #expect(rows.map { $0["email"] as String } == ["two@x.io", "one@x.io"])
        }
    }

    @Test("users of a request that share an id or an email take effect in index order; each gets its result")
    func repeats() async throws {
        try await TestServer.run { server in
            let filler = Bodies.users(300)
            let json = try await server.synced(
                [Bodies.user("same", "first@x.io", name: "First"), Bodies.user("e1", "shared@x.io", name: "One")] + filler
                    + [Bodies.user("same", "last@x.io", name: "Last"), Bodies.user("e2", "SHARED@x.io", name: "Two")])
            #expect(json.metadata.totalUsers.int == 304 && json.results.array.count == 304)
            #expect(json.metadata.created.int == 302 && json.metadata.updated.int == 2 && json.metadata.failed.int == 0)
            #expect(json.results.array.map(\.index.int) == (0..<304).map { $0 })
            #expect(json.results[302].crmUserId == json.results[0].crmUserId)
            #expect(json.results[303].crmUserId == json.results[1].crmUserId)
            let rows = try server.rows(
                "SELECT name, email, wrapper_user_id FROM users WHERE name IN ('First','Last','One','Two') ORDER BY id")
            #expect(rows.map { $0["name"] as String }.sorted() == ["Last", "Two"])
            #expect(Set(rows.map { $0["wrapper_user_id"] as String }) == ["same", "e2"])
        }
    }

    @Test("an id of one row with the email of another is identity_conflict, and neither row is touched")
    func identityConflict() async throws {
        try await TestServer.run { server in
            _ = try await server.synced([Bodies.user("a", "one@x.io"), Bodies.user("b", "two@x.io")])
            let json = try await server.synced([Bodies.user("a", "two@x.io", name: "Other"), Bodies.user("c", "three@x.io")])
            #expect(json.status.string == "completed_with_errors" && json.success.bool == true)
            #expect(json.results[0].code.string == "identity_conflict" && json.results[0].status.string == "failed")
            #expect(json.results[1].outcome.string == "created")
            #expect(json.message.string == "Synced 1 of 2 users")
            let rows = try server.rows("SELECT email, name FROM users ORDER BY id")
            #expect(rows.map { $0["email"] as String } == ["one@x.io", "two@x.io", "three@x.io"])
            #expect(rows.allSatisfy { $0["name"] == "Some Name" })
        }
    }

    @Test("with EMAIL_SCOPE=global an email of another tenant fails and that row stays; ids never meet across tenants")
    func globalScope() async throws {
        try await TestServer.run { server in
            _ = try await server.synced([Bodies.user("u1", "a@x.io")], tenant: "t1")
            let json = try await server.synced(
                [Bodies.user("u1", "A@x.io", name: "Thief"), Bodies.user("u1", "own@x.io")], tenant: "t2")
            #expect(json.results[0].code.string == "email_in_other_tenant")
            #expect(json.results[1].outcome.string == "created")
            let rows = try server.rows("SELECT tenant_id, email, name FROM users ORDER BY id")
            #expect(rows.count == 2)
            #expect(rows[0]["tenant_id"] == "t1")
            #expect(rows[0]["name"] == "Some Name")
            #expect(rows[1]["tenant_id"] == "t2")
            #expect(rows[1]["email"] == "own@x.io")
        }
    }

    @Test("with EMAIL_SCOPE=tenant an email is unique within its tenant alone")
    func tenantScope() async throws {
        try await TestServer.run(["EMAIL_SCOPE": "tenant"]) { server in
            _ = try await server.synced([Bodies.user("u1", "a@x.io")], tenant: "t1")
            let json = try await server.synced([Bodies.user("u1", "a@x.io")], tenant: "t2")
            #expect(outcomes(json) == ["created"])
            let again = try await server.synced([Bodies.user("u2", "a@x.io", name: "New")], tenant: "t2")
            #expect(outcomes(again) == ["updated"])
            #expect(try server.rows("SELECT name FROM users WHERE tenant_id = 't1'")[0]["name"] == "Some Name")
        }
    }
}
