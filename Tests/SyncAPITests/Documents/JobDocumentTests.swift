import Foundation
import SyncAPI
import SyncModel
import TestSupport
import Testing

@Suite("A job in full")
struct JobDocumentTests {
    private func document(_ job: Job, webhook: JobDocument.Webhook? = nil, after seconds: Double = 10) throws -> [String: Any] {
        let results = [DocumentSamples.result(0)]
        return try JobDocument(
            job: job, results: results, webhook: webhook, links: JobLinks(),
            now: DocumentSamples.accepted.advanced(bySeconds: seconds)
        ).object()
    }

    @Test("while queued says so and has no result, rate or end")
    func queued() throws {
        let document = try document(DocumentSamples.job())
        #expect(document.bool("success") == true)
        #expect(document.string("status") == "queued")
        #expect(document.string("message") == "Sync of 5 users is queued")
        for name in ["results", "syncedAt", "resultsTruncated"] { #expect(document[name] == nil, "\(name)") }
        let progress = try document.object("progress")
        #expect(progress.int("usersDone") == 0)
        #expect(progress["percent"] as? Double == 0)
        #expect(progress["usersPerSecond"] == nil)
        #expect(progress["etaSeconds"] == nil)
    }

    @Test("while running says how far, how fast and how long still")
    func running() throws {
        var job = DocumentSamples.job(.userSync, .running, users: 1000, batches: 10)
        job.startedAt = DocumentSamples.accepted.advanced(bySeconds: 2)
        job.batchesDone = 4
        job.counts.created = 300
        job.counts.failed = 100
        let document = try document(job)
        #expect(document.string("message") == "Sync is running: 400 of 1000 users done")
        let progress = try document.object("progress")
        #expect(progress.int("usersDone") == 400)
        #expect(progress.int("total") == 1000)
        #expect(progress["percent"] as? Double == 40)
        #expect(progress.int("batchesDone") == 4)
        #expect(progress.int("batches") == 10)
        #expect(progress["usersPerSecond"] as? Double == 50)
        #expect(progress["etaSeconds"] as? Double == 12)
        #expect(try document.object("metadata").int("successful") == 300)
    }

    @Test(
        "says 100 percent only when all users are settled", arguments: [(999, 99.9), (9_999, 99.9), (1000, 100), (10_000, 100)])
    func percent(settled: Int, percent: Double) {
        var job = DocumentSamples.job(.userSync, .running, users: settled > 1000 ? 10_000 : 1000)
        job.counts.created = settled
        #expect(ProgressDocument(of: job, now: DocumentSamples.accepted).percent == percent)
    }

    @Test("of no users is done once it has ended")
    func noUsers() {
        let job = DocumentSamples.job(users: 0)
        #expect(ProgressDocument(of: job, now: DocumentSamples.accepted).percent == 0)
        let ended = job.ended(as: .completed, at: DocumentSamples.accepted)
        #expect(ProgressDocument(of: ended, now: DocumentSamples.accepted).percent == 100)
    }

    @Test("once it has ended has the guide's response format at the top level")
    func ended() throws {
        let job = DocumentSamples.ended(.completed, users: 1) { $0.created = 1 }
        let document = try document(job)
        let result = try ResultDocument(job: job, results: [DocumentSamples.result(0)], links: JobLinks()).object()
        #expect(result.count >= 9)
        for (name, value) in result {
            #expect((document[name] as? NSObject) == (value as? NSObject), "\(name)")
        }
        #expect(document.string("endedAt") == "2025-08-19T10:00:02.000Z")
        #expect(try document.object("progress")["usersPerSecond"] as? Double == 1)
    }

    @Test("shows the failed tries with their errors, and failed users by code")
    func attempts() throws {
        var job = DocumentSamples.job(.userSync, .running)
        job.attempts = [BatchAttempt(batch: 3, attempt: 2, at: DocumentSamples.accepted, error: "deadlock detected")]
        job.failedCodes = ["identity_conflict": 2, "email_in_other_tenant": 1]
        let document = try document(job)
        let attempt = try #require(try document.array("attempts").first)
        #expect(attempt.int("batch") == 3)
        #expect(attempt.int("attempt") == 2)
        #expect(attempt.string("at") == "2025-08-19T10:00:00.000Z")
        #expect(attempt.string("error") == "deadlock detected")
        #expect(document["failedCodes"] as? [String: Int] == job.failedCodes)
    }

    @Test("shows where its webhook stands, and null without one")
    func webhook() throws {
        #expect(try document(DocumentSamples.job())["webhook"] is NSNull)
        var webhook = JobDocument.Webhook()
        webhook.id = "msg_1"
        webhook.type = "user_sync.completed"
        webhook.state = "pending"
        webhook.attempts = 2
        webhook.nextAttemptAt = DocumentSamples.accepted
        webhook.lastStatus = 502
        webhook.lastError = "HTTP 502"
        let shown = try document(DocumentSamples.ended(.completed) { $0.created = 5 }, webhook: webhook).object("webhook")
        #expect(shown.string("state") == "pending")
        #expect(shown.int("attempts") == 2)
        #expect(shown.int("lastStatus") == 502)
        #expect(shown.string("lastError") == "HTTP 502")
        #expect(shown.string("nextAttemptAt") == "2025-08-19T10:00:00.000Z")
        #expect(shown["deliveredAt"] is NSNull)
    }

    @Test("of a list tells what it is and how far, without its results")
    func summary() throws {
        var job = DocumentSamples.ended(.cancelled, users: 10) {
            $0.created = 4
            $0.cancelled = 6
        }
        job.cancelRequested = true
        job.retryOf = DocumentSamples.otherID
        let summary = try JobSummaryDocument(job: job, now: DocumentSamples.accepted).object()
        #expect(summary.string("jobId") == DocumentSamples.id.text)
        #expect(summary.string("status") == "cancelled")
        #expect(summary.bool("cancelRequested") == true)
        #expect(summary.int("successful") == 4)
        #expect(summary.int("cancelled") == 6)
        #expect(summary.string("retryOf") == DocumentSamples.otherID.text)
        #expect(summary.string("statusUrl") == JobLinks.path(of: job.id))
        #expect(summary["results"] == nil)
    }
}
