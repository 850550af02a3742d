import SyncAPI
import SyncModel
import TestSupport
import Testing

@Suite("The acknowledgement")
struct AcknowledgementDocumentTests {
    @Test("is the contract's, member for member")
    func contract() {
        #expect(
            AcknowledgementDocument(job: DocumentSamples.job()).text == """
                {"success":true,"message":"Accepted 5 users for sync","jobId":"0198c1f2-9c00-7a3b-8d4e-5f60718293a4",\
                "status":"queued","statusUrl":"/api/internal/sync/jobs/0198c1f2-9c00-7a3b-8d4e-5f60718293a4",\
                "tenant":{"id":"tenant-uuid","name":"Company Name"},"metadata":{"operation":"user_sync",\
                "acceptedAt":"2025-08-19T10:00:00.000Z","totalUsers":5,"batches":1},"warnings":[]}
                """)
    }

    @Test(
        "counts users in good English",
        arguments: [
            (Operation.userSync, 0, "Accepted 0 users for sync"), (.userSync, 1, "Accepted 1 user for sync"),
            (.userSync, 2, "Accepted 2 users for sync"), (.userRemoval, 1, "Accepted removal of 1 user"),
        ])
    func message(operation: SyncModel.Operation, users: Int, message: String) throws {
        let document = AcknowledgementDocument(job: DocumentSamples.job(operation, users: users))
        #expect(try document.object().string("message") == message)
    }

    @Test("shows the job's present state, its warnings, and the job it retries")
    func particulars() throws {
        var job = DocumentSamples.job(.userSync, .completedWithErrors)
        job.warnings = ["Unknown key \"colour\" is ignored"]
        job.retryOf = DocumentSamples.otherID
        let document = try AcknowledgementDocument(job: job).object()
        #expect(document.string("status") == "completed_with_errors")
        #expect(document["warnings"] as? [String] == job.warnings)
        #expect(try document.object("metadata").string("retryOf") == DocumentSamples.otherID.text)
    }
}
