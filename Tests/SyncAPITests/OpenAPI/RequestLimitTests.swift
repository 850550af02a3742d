import Foundation
import SyncAPI
import SyncModel
import Testing

/// What the OpenAPI document says of a request, tried on the readers: they take what it allows, and refuse what it does not.
@Suite("The OpenAPI document and the readers of requests")
struct RequestLimitTests {
    private let schemas: [String: Any]

    init() throws {
        let document = try #require(try JSONSerialization.jsonObject(with: Data(OpenAPIDocument.json())) as? [String: Any])
        schemas = try document.object("components").object("schemas")
    }

    /// Where an object of a schema is in a body, and a good one.
    enum Place: String, CaseIterable {
        case user = "User"
        case tenant = "TenantOfRequest"
        case metadata = "SyncMetadata"
        case removal = "RemovalRequest"
        case sync = "SyncRequest"
        case versionTwo = "VersionTwoRequest"
        case userOfVersionTwo = "VersionTwoUser"

        var good: [String: Any] {
            switch self {
            case .user: ["email": "ada@example.com", "name": "Ada"]
            case .tenant: ["id": "t1", "name": "Company"]
            case .metadata: [:]
            case .removal: ["operation": "user_removal", "tenant": Place.tenant.good, "userId": "u1"]
            case .sync: ["operation": "user_sync", "tenant": Place.tenant.good, "users": [Place.user.good]]
            case .versionTwo: ["mode": "upsert", "orgCode": "o", "users": [Place.userOfVersionTwo.good]]
            case .userOfVersionTwo: ["externalId": "kp_1", "email": "ada@example.com"]
            }
        }

        /// Whether the reader takes a body with this object in its place.
        func accepts(_ object: [String: Any]) throws -> Bool {
            var body: [String: Any] =
                switch self {
                case .removal: Place.removal.good
                case .userOfVersionTwo: Place.versionTwo.good
                default: Place.sync.good
                }
            switch self {
            case .user: body["users"] = [object]
            case .userOfVersionTwo:
                body["users"] = [object]
                // A user's is the body's.
                if let organisation = object["orgCode"] as? String, !organisation.isEmpty { body["orgCode"] = organisation }
            case .tenant: body["tenant"] = object
            case .metadata: body["metadata"] = object
            case .removal, .sync, .versionTwo: body = object
            }
            // Sorted, `mode` comes before `users`.
            let bytes = try JSONSerialization.data(withJSONObject: body, options: .sortedKeys)
            if self == .removal {
                var reader = RemovalRequestReader()
                try bytes.withUnsafeBytes { try reader.feed($0) }
                if case .removal = try reader.finish() { return true }
            } else {
                var reader = SyncRequestReader(maxUsers: 10, validation: .reject)
                try bytes.withUnsafeBytes { try reader.feed($0) }
                if case .sync = try reader.finish() { return true }
            }
            return false
        }
    }

    @Test(
        "agree on lengths: what is as long as allowed is taken, and what is a character longer refused", arguments: Place.allCases
    )
    func lengths(place: Place) throws {
        var count = 0
        for (member, schema) in try properties(place) {
            guard let most = schema.int("maxLength") else { continue }
            count += 1
            #expect(try place.accepts(place.good.merging([member: text(most, schema)]) { $1 }), "\(member) of \(most)")
            #expect(try !place.accepts(place.good.merging([member: text(most + 1, schema)]) { $1 }), "\(member) of \(most + 1)")
        }
        let expected: [Place: Int] = [
            .user: 8, .tenant: 4, .metadata: 4, .removal: 2, .sync: 0, .versionTwo: 1, .userOfVersionTwo: 6,
        ]
        #expect(count == expected[place])
    }

    @Test("agree on what may be empty, null or absent", arguments: Place.allCases)
    func presence(place: Place) throws {
        let required = Set(try #require(try schemas.object(place.rawValue)["required"] as? [String]))
        for (member, schema) in try properties(place) {
            var without = place.good
            without[member] = nil
            #expect(try place.accepts(without) == !required.contains(member), "\(member) absent")
            #expect(
                try place.accepts(place.good.merging([member: NSNull()]) { $1 }) == mayBeNull(schema), "\(member) null")
            if types(schema).contains("string"), schema["format"] == nil, schema["const"] == nil, schema["enum"] == nil {
                let mayBeEmpty = (schema.int("minLength") ?? 0) == 0
                #expect(try place.accepts(place.good.merging([member: ""]) { $1 }) == mayBeEmpty, "\(member) empty")
            }
        }
    }

    @Test("agree on types", arguments: Place.allCases)
    func types(place: Place) throws {
        let samples: [(type: String, value: Any)] = [
            ("string", "2025-08-19"), ("boolean", true), ("array", [Any]()), ("object", [String: Any]()), ("number", 1.5),
        ]
        for (member, schema) in try properties(place)
        where schema["type"] != nil && schema["enum"] == nil && schema.string("format") != "email" {
            for (type, value) in samples {
                let accepted = try place.accepts(place.good.merging([member: value]) { $1 })
                #expect(accepted == types(schema).contains(type), "\(member): \(type)")
            }
        }
    }

    private func properties(_ place: Place) throws -> [(String, [String: Any])] {
        let properties = try schemas.object(place.rawValue).object("properties")
        return try properties.keys.sorted().map { ($0, try properties.object($0)) }
    }

    private func types(_ schema: [String: Any]) -> [String] {
        schema["type"] as? [String] ?? [schema["type"] as? String].compactMap { $0 }
    }

    private func mayBeNull(_ schema: [String: Any]) -> Bool {
        let choices = schema["oneOf"] as? [[String: Any]] ?? []
        let isAnything = Set(schema.keys).isSubset(of: ["description"])
        return isAnything || types(schema).contains("null") || choices.contains { types($0).contains("null") }
    }

    /// So many characters of what the schema takes.
    private func text(_ count: Int, _ schema: [String: Any]) -> String {
        guard schema.string("format") == "email" else { return String(repeating: "é", count: count) }
        let host = "@" + Array(repeating: String(repeating: "h", count: 60), count: 4).joined(separator: ".")
        return String(repeating: "a", count: count - host.count) + host
    }
}
