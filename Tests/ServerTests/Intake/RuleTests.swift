import Foundation
import ServerTestSupport
import TestSupport
import Testing

@Suite("Submitting: each rule of the body, over HTTP")
struct RuleTests {
    /// A user with one member put in place of a good one, and what the answer says of it.
    private static let users: [(member: String, path: String, type: String)] = [
        (#""email":"no-at.example""#, "email", "string.email"), (#""email":"a@b""#, "email", "string.email"),
        (#""email":"a@@b.io""#, "email", "string.email"), (#""email":7"#, "email", "string.base"),
        (#""email":null"#, "email", "string.base"), (#""name":"""#, "name", "string.empty"),
        (#""name":3"#, "name", "string.base"),
        (#""name":"\#(String(repeating: "n", count: 256))""#, "name", "string.max"),
        (#""id":"\#(String(repeating: "i", count: 256))""#, "id", "string.max"), (#""id":"""#, "id", "string.empty"),
        (#""kindeUserId":"\#(String(repeating: "k", count: 256))""#, "kindeUserId", "string.max"),
        (#""avatar":"\#(String(repeating: "a", count: 2049))""#, "avatar", "string.max"),
        (#""department":"\#(String(repeating: "d", count: 101))""#, "department", "string.max"),
        (#""title":"\#(String(repeating: "t", count: 101))""#, "title", "string.max"),
        (#""subscriptionTier":"\#(String(repeating: "s", count: 51))""#, "subscriptionTier", "string.max"),
        (#""isActive":"yes""#, "isActive", "boolean.base"), (#""isAdmin":1"#, "isAdmin", "boolean.base"),
        (#""lastActiveAt":"yesterday""#, "lastActiveAt", "string.isoDate"),
        (#""roles":7"#, "roles", "alternatives.types"),
        (#""permissions":true"#, "permissions", "alternatives.types"),
    ]

    @Test("a user that breaks a rule is named by path, message and type", arguments: users.indices)
    func user(_ at: Int) async throws {
        let rule = Self.users[at]
        var members = [#""id":"u1""#, #""email":"a@x.io""#, #""name":"A""#].filter { !$0.hasPrefix("\"\(rule.path)\"") }
        members.append(rule.member)
        let body = Bodies.sync([Bodies.user("u0", "ok@x.io"), "{" + members.joined(separator: ",") + "}"])
        try await refused(body, path: [.string("users"), .number(1), .string(rule.path)], type: rule.type)
    }

    /// Whole bodies.
    private static let bodies: [(body: String, path: [JSONValue], type: String)] = [
        (#"{"operation":"other","tenant":{"id":"t1","name":"n"},"users":[]}"#, [.string("operation")], "any.only"),
        (#"{"tenant":{"id":"t1","name":"n"},"users":[]}"#, [.string("operation")], "any.required"),
        (#"{"operation":"user_sync","users":[]}"#, [.string("tenant")], "any.required"),
        (#"{"operation":"user_sync","tenant":"t1","users":[]}"#, [.string("tenant")], "object.base"),
        (
            #"{"operation":"user_sync","tenant":{"id":"","name":"n"},"users":[]}"#, [.string("tenant"), .string("id")],
            "string.empty"
        ),
        (#"{"operation":"user_sync","tenant":{"id":"t1"},"users":[]}"#, [.string("tenant"), .string("name")], "any.required"),
        (#"{"operation":"user_sync","tenant":{"id":"t1","name":"n"}}"#, [.string("users")], "any.required"),
        (#"{"operation":"user_sync","tenant":{"id":"t1","name":"n"},"users":{}}"#, [.string("users")], "array.base"),
        (
            #"{"operation":"user_sync","tenant":{"id":"t1","name":"n"},"users":["x"]}"#, [.string("users"), .number(0)],
            "object.base"
        ),
        (
            #"{"operation":"user_sync","tenant":{"id":"t1","name":"n"},"users":[{"name":"A"}]}"#,
            [.string("users"), .number(0), .string("email")], "any.required"
        ),
        (
            #"{"operation":"user_sync","tenant":{"id":"t1","name":"n"},"users":[],"metadata":{"syncTime":"soon"}}"#,
            [.string("metadata"), .string("syncTime")], "string.isoDate"
        ),
        (
            #"{"operation":"user_sync","operation":"user_sync","tenant":{"id":"t1","name":"n"},"users":[]}"#,
            [.string("operation")], "object.duplicate"
        ),
    ]

    @Test("a body that breaks a rule is named by path, message and type", arguments: bodies.indices)
    func body(_ at: Int) async throws {
        let rule = Self.bodies[at]
        try await refused(rule.body, path: rule.path, type: rule.type)
    }

    private func refused(_ body: String, path: [JSONValue], type: String) async throws {
        try await TestServer.run { server in
            let answer = try await server.post("/api/internal/sync/users", body, headers: ["X-Tenant-ID": "t1"])
            #expect(answer.status == 400)
            let details = answer.json.details.array
            #expect(
                details.contains { $0.path == .array(path) && $0.type == .string(type) && $0.message.string != nil },
                "\(answer.json)")
        }
    }

    @Test("a removal's rules: userId, removedAt, operation")
    func removal() async throws {
        try await TestServer.run { server in
            for (body, type) in [
                (#"{"operation":"user_removal","tenant":{"id":"t1","name":"n"}}"#, "any.required"),
                (Bodies.removal(""), "string.empty"), (Bodies.removal("u", more: #""removedAt":"x""#), "string.isoDate"),
                (Bodies.sync([]), "any.only"),
            ] {
                let answer = try await server.post("/api/internal/sync/remove-user", body, headers: ["X-Tenant-ID": "t1"])
                #expect(answer.status == 400)
                #expect(answer.json.details.array.contains { $0.type == .string(type) }, "\(answer.json)")
            }
        }
    }

    @Test("a user of more than 64 KiB is refused; unknown keys are ignored and named; headers are bounded")
    func bounds() async throws {
        try await TestServer.run { server in
            let large = Bodies.user("u1", "a@x.io", more: #""roles":["\#(String(repeating: "r", count: 70_000))"]"#)
            let refused = try await server.sync([large])
            #expect(refused.status == 400)
            let warned = try await server.sync([Bodies.user("u1", "a@x.io", more: #""nickname":"n""#)])
            #expect(warned.status == 202)
            #expect(warned.json.warnings.array.contains { $0.string?.contains("nickname") == true })
            for header in ["Idempotency-Key", "X-Sync-Source", "X-Tenant-ID"] {
                let answer = try await server.sync([], headers: [header: String(repeating: "x", count: 256)])
                #expect(answer.status == 400, "\(header)")
            }
        }
    }
}
