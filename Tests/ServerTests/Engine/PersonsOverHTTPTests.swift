import Foundation
import GRDB
import ServerTestSupport
import TestSupport
import Testing

@Suite("One person under several ids, by both bodies")
struct PersonsOverHTTPTests {
    private func pushed(_ server: TestServer, _ users: [String]) async throws -> JSONValue {
        let answer = try await server.post(
            "/api/internal/sync/users", Bodies.versionTwo(users),
            headers: ["X-Tenant-ID": "t1", "X-Sync-Source": "w", "Prefer": "wait=20"])
        #expect(answer.status == 200)
        return answer.json
    }

    private func row(_ server: TestServer, _ email: String) throws -> Row {
        let rows = try server.rows("SELECT * FROM users WHERE email = ?", [email])
        #expect(rows.count == 1, "\(email)")
        return try #require(rows.first)
    }

    @Test("the platform's id, then kp_…, then the platform's again, and through a removal: one row, and the admin stays admin")
    func oneRow() async throws {
        try await TestServer.run { server in
            let ours = Bodies.user("uuid-1", "ada@x.io", name: "Ada", more: #""isAdmin":true,"department":"Board""#)
            _ = try await server.synced([ours, Bodies.user("uuid-2", "ben@x.io")])
            let id = try row(server, "ada@x.io")["id"] as Int64
            for step in 0..<3 {
                let ada = Bodies.userOfVersionTwo("kp_1", "ada@x.io", first: "Ada", last: "")
                // Two subscriptions: every user is sent twice.
                let answer = try await pushed(server, [ada, ada, Bodies.userOfVersionTwo("uuid-2", "ben@x.io")])
                #expect(answer.metadata.failed.int == 0 && answer.metadata.created.int == 0, "step \(step)")
                let row = try row(server, "ada@x.io")
                #expect(row["id"] == id && row["is_admin"] == true && row["department"] == "Board", "step \(step)")
                #expect(row["wrapper_user_id"] == "uuid-1" && row["kinde_user_id"] == "kp_1", "step \(step)")
                let again = try await server.synced([Bodies.user("uuid-1", "ada@x.io", name: "Ada")])
                #expect(again.metadata.failed.int == 0 && again.results[0].relinked == .missing, "step \(step)")
                let removed = try await server.post(
                    "/api/internal/sync/remove-user", Bodies.removal(step == 1 ? "kp_1" : "uuid-1"),
                    headers: ["X-Tenant-ID": "t1", "Prefer": "wait=20"])
                #expect(removed.json.results[0].outcome == .string("removed"), "step \(step)")
                let gone = try self.row(server, "ada@x.io")
                #expect(gone["is_active"] == false && gone["is_admin"] == true)
            }
            _ = try await pushed(server, [Bodies.userOfVersionTwo("kp_1", "ada.new@x.io", first: "Ada", last: "")])
            let last = try row(server, "ada.new@x.io")
            #expect(last["id"] == id && last["is_active"] == true && last["is_admin"] == true)
            #expect(try server.rows("SELECT id FROM users").count == 2)
        }
    }

    @Test("a recycled address inherits nothing, whichever kind of id is another")
    func recycled() async throws {
        try await TestServer.run { server in
            for (number, ids) in [("kp_1", "kp_2"), ("uuid-1", "uuid-2")].enumerated() {
                let email = "desk\(number)@x.io"
                _ = try await server.synced([
                    Bodies.user(ids.0, email, more: #""isAdmin":true,"roles":["owner"],"department":"Board""#)
                ])
                let answer = try await pushed(server, [Bodies.userOfVersionTwo(ids.1, email, first: "New", last: "Person")])
                #expect(answer.results[0].relinked == .bool(true), "\(ids)")
                let row = try row(server, email)
                let roles = row["roles"] as String? ?? ""
                let department = row["department"] as String?
                #expect(row["is_admin"] == false && row["name"] == "New Person", "\(ids)")
                #expect(department == nil && !roles.contains("owner"), "\(ids)")
            }
        }
    }

    @Test("a user without a name is created with the local part of the email, and never loses a name that is known")
    func names() async throws {
        try await TestServer.run { server in
            _ = try await server.synced([Bodies.user("u1", "ada@x.io", name: "Ada L.")])
            let answer = try await pushed(
                server,
                [
                    Bodies.userOfVersionTwo("u1", "ada@x.io", first: "", last: ""),
                    Bodies.userOfVersionTwo("u2", "b.smith@x.io", first: "undefined", last: "undefined"),
                ])
            #expect(answer.metadata.failed.int == 0)
            #expect(try row(server, "ada@x.io")["name"] == "Ada L.")
            #expect(try row(server, "b.smith@x.io")["name"] == "b.smith")
        }
    }
}
