import Foundation
import SyncAPI
import SyncModel
import TestSupport
import Testing

@Suite("Documents, written and read")
struct RoundTripTests {
    @Test(
        "a document is read as it was written, whatever texts and figures it holds",
        arguments: Property.seeds(known: [1], fresh: 40))
    func roundTrip(seed: UInt64) throws {
        for (schema, type) in OpenAPIDocument.documents { try check(type, schema, seed: seed) }
    }

    private func check<Document: JSONDocument>(_: Document.Type, _ schema: String, seed: UInt64) throws {
        var filler = MemberFiller(seed: seed)
        let document = filler.document(Document.self)
        let read = try Document(json: Data(document.json))
        #expect(read == document, "\(schema), PROPERTY_SEED=\(seed)")
        #expect(read.json == document.json, "\(schema), PROPERTY_SEED=\(seed)")
    }

    @Test("each figure of a job is read as it was written, those too that a member is only made of")
    func figures() throws {
        var counts = CountsDocument()
        counts.totalUsers = 28
        for (number, outcome) in UserOutcome.allCases.enumerated() { counts.byOutcome[outcome] = number + 1 }
        counts.byOutcome.cancelled = 7
        #expect(try CountsDocument(json: Data(counts.json)) == counts)
    }

    @Test("members of a later version are ignored, and those that may be absent or null are read as nothing")
    func otherVersions() throws {
        let job = try JobDocument(
            json: Data(#"{"jobId":"j","status":"paused","tenant":{"id":"t","plan":1},"webhook":null,"priority":[1]}"#.utf8))
        #expect(job.jobID == "j" && job.status == "paused" && job.tenant.id == "t")
        #expect(job.webhook == nil && job.attempts.isEmpty && job.results == nil)
        let status = try StatusDocument(json: Data(#"{"jobs":{"queued":2,"paused":1}}"#.utf8))
        #expect(status.jobs.counts[.queued] == 2)
        #expect(status.queue == nil && status.directory == nil)
    }

    @Test("a member that a reader can do without is read as nothing if it has another form")
    func otherForms() throws {
        let json =
            #"{"jobId":"j","status":"paused","tenant":{"id":"t","name":7},"startedAt":"yesterday","warnings":["a",1],"#
            + #""metadata":{"durationMs":1.5,"totalUsers":3,"failed":{}},"webhook":{"id":"w"},"source":null,"attempts":1}"#
        let job = try JobDocument(json: Data(json.utf8))
        #expect(job.jobID == "j" && job.status == "paused" && job.tenant.id == "t" && job.tenant.name.isEmpty)
        #expect(job.startedAt == nil && job.warnings.isEmpty && job.attempts.isEmpty && job.webhook == nil)
        #expect(job.metadata.durationMilliseconds == nil && job.metadata.counts.totalUsers == 3)
        let gateway = try ErrorDocument(json: Data(#"{"error":"Bad Gateway","success":"no","timestamp":0,"details":{}}"#.utf8))
        #expect(gateway.error == "Bad Gateway" && gateway.details == nil)
        let webhook = try WebhookDocument(json: Data(#"{"type":"user_sync.archived","data":[1]}"#.utf8))
        #expect(!webhook.isKnown && webhook.result == nil)
    }

    @Test(
        "what is not the document is an error, not an empty one",
        arguments: [
            "", "{", "[]", "{}", #"{"jobId":"j"}"#, #"{"jobId":1,"status":"queued","tenant":{"id":"t"}}"#,
            #"{"jobId":"j","status":"queued","tenant":{}}"#,
        ])
    func notTheDocument(json: String) {
        #expect(throws: DecodingError.self) { try JobDocument(json: Data(json.utf8)) }
    }
}
