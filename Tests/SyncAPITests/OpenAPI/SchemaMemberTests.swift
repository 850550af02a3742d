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

    @Test(
        "name the same members, and say of the same ones that they are always there", arguments: DocumentTypes.all.map(\.schema))
    func members(name: String) throws {
        let schema = try schemas.object(name)
        let type = try #require(DocumentTypes.all.first { $0.schema == name }?.type)
        let names = MemberNames(of: document(type))
        #expect(Set(try schema.object("properties").keys) == names.all)
        let required = Set(try #require(schema["required"] as? [String]))
        // Of a removal alone.
        #expect(names.all.subtracting(names.optional).subtracting(["reason"]).isSubset(of: required))
        // What an open job has not, one that has ended has.
        let atTheEnd: Set = ["sequence", "results", "resultsTruncated", "syncedAt", "durationMs"]
        // A client can do without the parts of a status; a server shows them.
        let parts: Set = ["workers", "usersPerSecond", "directory", "webhooks", "queue", "data"]
        #expect(required.isDisjoint(with: names.optional.subtracting(atTheEnd).subtracting(parts)))
    }

    /// One that has every member there may be.
    private func document<Document: JSONDocument>(_: Document.Type) -> any JSONDocument {
        var job = JobDocument()
        job.result.metadata.operation = Operation.userRemoval.rawValue
        return Document() is JobDocument ? job : Document()
    }
}
