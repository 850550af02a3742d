import SyncAPI
import SyncModel
import TestSupport
import Testing

@Suite("The result of a finished job")
struct ResultDocumentTests {
    private let links = JobLinks()

    @Test("is the guide's response format with ours on top, member for member")
    func contract() {
        let job = DocumentSamples.ended(.completedWithErrors, users: 2) {
            $0.created = 1
            $0.failed = 1
        }
        let results = [DocumentSamples.result(0), DocumentSamples.result(1, .failed, code: .identityConflict)]
        #expect(
            ResultDocument(job: job, results: results, links: links).text == """
                {"success":true,"message":"Synced 1 of 2 users","jobId":"0198c1f2-9c00-7a3b-8d4e-5f60718293a4",\
                "status":"completed_with_errors","results":[\
                {"index":0,"userId":"user-0","email":"user0@company.com","status":"created","outcome":"created",\
                "crmUserId":"100","message":"User created successfully"},\
                {"index":1,"userId":"user-1","email":"user1@company.com","status":"failed","outcome":"failed",\
                "crmUserId":null,"message":"User could not be synced",\
                "error":"The user id belongs to one CRM user and the email to another","code":"identity_conflict"}],\
                "resultsTruncated":false,"tenant":{"id":"tenant-uuid","name":"Company Name"},\
                "metadata":{"operation":"user_sync","syncedAt":"2025-08-19T10:00:02.000Z","totalUsers":2,"successful":1,\
                "failed":1,"created":1,"updated":0,"unchanged":0,"stale":0,"removed":0,"durationMs":2000,\
                "acceptedAt":"2025-08-19T10:00:00.000Z"},"syncedAt":"2025-08-19T10:00:02.000Z"}
                """)
    }

    @Test(
        "says in one sentence how it ended",
        arguments: [
            (Operation.userSync, JobState.completed, "Synced 4 of 5 users"),
            (.userSync, .completedWithErrors, "Synced 4 of 5 users"),
            (.userSync, .cancelled, "Sync cancelled after 4 of 5 users"),
            (.userSync, .failed, "Sync failed after 4 of 5 users"),
            (.userRemoval, .completed, "Removed 4 of 5 users"),
            (.userRemoval, .cancelled, "Removal cancelled after 4 of 5 users"),
        ])
    func message(operation: SyncModel.Operation, state: JobState, message: String) throws {
        let job = DocumentSamples.ended(state, operation: operation) { $0.updated = 4 }
        let document = try ResultDocument(job: job, results: [], links: links).object()
        #expect(document.string("message") == message)
        #expect(document.bool("success") == (state == .completed || state == .completedWithErrors))
    }

    @Test("counts unchanged, stale and removed as successful, and cancelled users in the sum")
    func counts() throws {
        let job = DocumentSamples.ended(.cancelled, users: 28) {
            $0.created = 1
            $0.updated = 2
            $0.unchanged = 3
            $0.stale = 4
            $0.removed = 5
            $0.failed = 6
            $0.cancelled = 7
        }
        let metadata = try ResultDocument(job: job, results: [], links: links).object().object("metadata")
        let expected = [
            "totalUsers": 28, "successful": 15, "failed": 6, "cancelled": 7, "created": 1, "updated": 2, "unchanged": 3,
            "stale": 4, "removed": 5,
        ]
        for (name, count) in expected { #expect(metadata.int(name) == count, "\(name)") }
    }

    @Test("leaves cancelled out where there are none, and the error of a job that did not fail")
    func absent() throws {
        let job = DocumentSamples.ended(.completed) { $0.created = 5 }
        let document = try ResultDocument(job: job, results: [], links: links).object()
        #expect(try document.object("metadata")["cancelled"] == nil)
        #expect(document["error"] == nil)
    }

    @Test("says why a job failed")
    func failedJob() throws {
        let job = DocumentSamples.ended(.failed, error: "The job's batches cannot be read") { _ in }
        let document = try ResultDocument(job: job, results: [], links: links).object()
        #expect(document.string("error") == "The job's batches cannot be read")
        #expect(document.string("status") == "failed")
    }

    @Test("shows all results up to the limit, in the order given", arguments: [(1000, 1000), (100, 100)])
    func whole(users: Int, limit: Int) throws {
        let job = DocumentSamples.ended(.completed, users: users) { $0.created = users }
        #expect(!ResultDocument.showsFailedOnly(job, limit: limit))
        let results = (0..<UInt32(users)).map { DocumentSamples.result($0) }
        let document = try ResultDocument(job: job, results: results, limit: limit, links: links).object()
        #expect(try document.array("results").map { $0.int("index") } == Array(0..<users))
        #expect(document.bool("resultsTruncated") == false)
        #expect(document["resultsUrl"] == nil)
    }

    @Test("beyond the limit shows the failed ones alone, up to the same number, and where all are")
    func truncated() throws {
        let job = DocumentSamples.ended(.completedWithErrors, users: 1001) {
            $0.created = 501
            $0.failed = 500
        }
        #expect(ResultDocument.showsFailedOnly(job))
        #expect(ResultDocument.showsFailedOnly(job, limit: ResultDocument.webhookLimit))
        let results = (0..<UInt32(1001)).map { index in
            index.isMultiple(of: 2)
                ? DocumentSamples.result(index) : DocumentSamples.result(index, .failed, code: .emailInOtherTenant)
        }
        let answer = try ResultDocument(job: job, results: results, links: JobLinks(publicURL: "https://sync.example/")).object()
        #expect(try answer.array("results").count == 500)
        #expect(try answer.array("results").allSatisfy { $0.string("status") == "failed" })
        #expect(answer.bool("resultsTruncated") == true)
        #expect(answer.string("resultsUrl") == "https://sync.example/api/internal/sync/jobs/\(DocumentSamples.id)/results")

        let webhook = try ResultDocument(job: job, results: results, limit: ResultDocument.webhookLimit, links: links).object()
        #expect(try webhook.array("results").count == 100)
        #expect(webhook.string("resultsUrl") == "/api/internal/sync/jobs/\(DocumentSamples.id)/results")
    }

    @Test("users dropped by a cancel have no result, so they do not count towards the limit")
    func cancelledUsers() {
        let job = DocumentSamples.ended(.cancelled, users: 5000) {
            $0.created = 1000
            $0.cancelled = 4000
        }
        #expect(!ResultDocument.showsFailedOnly(job))
    }

    @Test("never says that a job took less than no time")
    func clockSetBack() throws {
        let job = DocumentSamples.job().ended(as: .completed, at: DocumentSamples.accepted.advanced(bySeconds: -5))
        #expect(try ResultDocument(job: job, results: [], links: links).object().object("metadata").int("durationMs") == 0)
    }
}

@Suite("The result of a user")
struct UserResultDocumentTests {
    @Test(
        "says what happened in the guide's word, in ours, and for people",
        arguments: [
            (UserOutcome.created, "created", "User created successfully"),
            (.updated, "updated", "User updated successfully"),
            (.unchanged, "updated", "User is up to date"),
            (.stale, "updated", "Newer data had been applied before"),
            (.removed, "updated", "User deactivated successfully"),
            (.failed, "failed", "User could not be synced"),
        ])
    func words(outcome: UserOutcome, status: String, message: String) throws {
        let document = try UserResultDocument(DocumentSamples.result(3, outcome), operation: .userSync).object()
        #expect(document.string("status") == status)
        #expect(document.string("outcome") == outcome.word)
        #expect(document.string("message") == message)
        #expect((document["error"] != nil) == (outcome == .failed))
    }

    @Test("prefers the particular sentence to the code's")
    func detail() throws {
        let result = DocumentSamples.result(0, .failed, code: .refusedByDatabase, detail: "CHECK constraint failed: seats")
        let document = try UserResultDocument(result, operation: .userSync).object()
        #expect(document.string("error") == "CHECK constraint failed: seats")
        #expect(document.string("code") == "refused_by_database")
    }

    @Test("of a removal has no email, and its words")
    func removal() {
        let result = UserResult(
            applied: AppliedUser(index: 0, outcome: .failed, code: .userNotFound), userID: "user-uuid", email: nil)
        #expect(
            UserResultDocument(result, operation: .userRemoval).text == """
                {"index":0,"userId":"user-uuid","email":null,"status":"failed","outcome":"failed","crmUserId":null,\
                "message":"User could not be removed","error":"User not found","code":"user_not_found"}
                """)
    }

    @Test("is one line, whatever stands in it")
    func oneLine() throws {
        let nasty = "a\n\"b\"\\\u{1}\u{2028}ü"
        let result = UserResult(applied: AppliedUser(index: 0, outcome: .created), userID: nasty, email: nil)
        let document = UserResultDocument(result, operation: .userSync)
        #expect(!document.json.contains(0x0A))
        #expect(try document.object().string("userId") == nasty)
    }
}
