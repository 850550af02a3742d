import Foundation
import Testing

@testable import usersync

@Suite("The demo's users")
struct DemoUsersTests {
    private let users = DemoUsers(tenantID: "t", tenantName: "Tenant \"T\"", domain: "t.example")

    @Test("are the same every time, each with an id and an email of its own, and the guide's JSON")
    func deterministic() throws {
        let json = users.request((1...500).map { users.user($0) }, syncType: "full")
        #expect(json == users.request((1...500).map { users.user($0) }, syncType: "full"))
        let document = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        let all = try #require(document["users"] as? [[String: Any]])
        #expect(Set(all.compactMap { $0["id"] as? String }).count == 500)
        #expect(Set(all.compactMap { $0["email"] as? String }).count == 500)
        #expect(all[6]["email"] as? String == users.email(7))
        #expect(
            all.allSatisfy { ($0["name"] as? String)?.contains(" ") == true && $0["isActive"] is Bool && $0["roles"] is [String] }
        )
        #expect((document["tenant"] as? [String: String]) == ["id": "t", "name": "Tenant \"T\""])
    }
}
