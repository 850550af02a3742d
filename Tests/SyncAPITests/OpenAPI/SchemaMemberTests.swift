import Foundation
import SyncAPI
import SyncModel
import Testing

@Suite("The OpenAPI document and the documents")
struct SchemaMemberTests {
    private let schemas: [String: Any]

    init() throws {
        let document = try #require(try JSONSerialization.jsonObject(with: Data(OpenAPIDocument.json())) as? [String: Any])
        schemas = try document.object("components").object("schemas")
    }

    @Test("describe each document, and name the members that it has")
    func members() throws {
        var described: [String: (names: MemberNames, members: Set<String>)] = [:]
        for (name, type) in OpenAPIDocument.documents {
            let names = MemberNames(of: type.init())
            let members = Set(try schemas.object(name).object("properties").keys)
            #expect(members.isSubset(of: names.all), "\(name)")
            described["\(type)", default: (names, [])].members.formUnion(members)
        }
        // A document of several forms has each member in one of them at least.
        for (type, found) in described { #expect(found.members == found.names.all, "\(type)") }
        #expect(described.count > 20)
    }

    @Test(
        "say of the same members that they are always there", arguments: OpenAPIDocument.documents.map(\.schema))
    func presence(name: String) throws {
        let schema = try schemas.object(name)
        let type = try #require(OpenAPIDocument.documents.first { $0.schema == name }?.type)
        let names = MemberNames(of: type.init())
        let required = Set(try #require(schema["required"] as? [String]))
        // Of a removal alone.
        #expect(names.all.subtracting(names.optional).subtracting(["reason"]).isSubset(of: required))
        // What an open job has not, one that has ended has.
        let atTheEnd: Set = ["sequence", "results", "resultsTruncated", "syncedAt", "durationMs"]
        // A client can do without the parts of a status; a server shows them.
        let parts: Set = ["workers", "usersPerSecond", "directory", "webhooks", "queue", "data"]
        #expect(required.isDisjoint(with: names.optional.subtracting(atTheEnd).subtracting(parts)))
    }

    @Test("say of the same members that they may be null")
    func null() throws {
        let job = try schemas.object("EndedJob").object("properties")
        #expect(try job.object("startedAt")["type"] as? [String] == ["string", "null"])
        #expect(try job.object("syncTime").string("type") == "string")
        let choices = try job.object("webhook").array("oneOf")
        #expect(choices.map { $0.string("$ref") ?? $0.string("type") } == ["#/components/schemas/JobWebhook", "null"])
    }
}
