import Foundation
import SyncAPI
import SyncModel
import TestSupport
import Testing

@Suite("The body of a webhook")
struct WebhookDocumentTests {
    @Test(
        "is named after the operation and how the job ended",
        arguments: [
            (Operation.userSync, JobState.completed, "user_sync.completed"),
            (.userSync, .completedWithErrors, "user_sync.completed"),
            (.userSync, .failed, "user_sync.failed"),
            (.userSync, .cancelled, "user_sync.cancelled"),
            (.userRemoval, .completed, "user_removal.completed"),
            (.userRemoval, .completedWithErrors, "user_removal.completed"),
            (.userRemoval, .failed, "user_removal.failed"),
            (.userRemoval, .cancelled, "user_removal.cancelled"),
        ])
    func type(operation: SyncModel.Operation, state: JobState, type: String) throws {
        let job = DocumentSamples.ended(state, operation: operation) { $0.updated = 5 }
        let document = WebhookDocument(job: job, results: [], links: JobLinks())
        #expect(document.type == type)
        #expect(try document.object().string("type") == type)
    }

    @Test("holds the very result a caller sees, and the time the job ended")
    func data() throws {
        let job = DocumentSamples.ended(.completed, users: 1) { $0.created = 1 }
        let results = [DocumentSamples.result(0)]
        let document = WebhookDocument(job: job, results: results, links: JobLinks())
        let result = ResultDocument(job: job, results: results, links: JobLinks())
        #expect(
            document.text == """
                {"type":"user_sync.completed","timestamp":"2025-08-19T10:00:02.000Z","data":\(result.text)}
                """)
    }

    @Test("holds at most 100 results")
    func limit() throws {
        let job = DocumentSamples.ended(.completedWithErrors, users: 101) { $0.failed = 101 }
        let results = (0..<UInt32(101)).map { DocumentSamples.result($0, .failed, code: .invalidUser) }
        let data = try WebhookDocument(job: job, results: results, links: JobLinks()).object().object("data")
        #expect(try data.array("results").count == 100)
        #expect(data.bool("resultsTruncated") == true)
    }

    @Test("of a test event has the same shape")
    func testEvent() throws {
        let bytes = WebhookDocument(testAt: DocumentSamples.accepted).json
        let event = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
        #expect(event.string("type") == WebhookDocument.testType)
        #expect(event.string("timestamp") == "2025-08-19T10:00:00.000Z")
        #expect(try event.object("data").bool("success") == true)
    }
}
