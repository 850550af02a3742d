import Foundation
import HTTPTypes
import ServerTestSupport
import SyncAPI
import SyncModel
import SyncServer
import TestSupport
import Testing

/// The document against what the server answers.
@Suite("The OpenAPI document is true")
struct OpenAPIAnswersTests {
    @Test("what the server answers keeps to it: submitting, watching, steering, errors")
    func answers() async throws {
        let (jobs, deliveries) = ("/api/internal/sync/jobs", "/api/internal/sync/deliveries")
        let users = "/api/internal/sync/users"
        var instances: [OpenAPIChecker.Instance] = []
        func call(
            _ server: TestServer, _ status: Int, _ method: String, _ template: String, at target: String? = nil,
            body: String? = nil, _ headers: [String: String] = [:]
        ) async throws -> JSONValue {
            let answer = try await server.send(
                method, target ?? template, headers: ["X-Tenant-ID": "t1"].merging(headers) { $1 },
                body: body.map { Data($0.utf8) })
            #expect(answer.status == status, "\(method) \(target ?? template): \(answer.text)")
            instances.append(.answer(method, template, answer))
            return answer.json
        }
        try await TestServer.run { server in
            try server.refuseBadUsers()
            server.receiver.answer(with: 410)
            let mixed = Bodies.sync([Bodies.user("u1", "a@x.io"), Bodies.user("bad", "bad@x.io")])
            let failing = try await call(server, 200, "POST", users, body: mixed, ["Prefer": "wait=20"])
            let removing = try await call(server, 202, "POST", "/api/internal/sync/remove-user", body: Bodies.removal("u1"))
            let whole = try await call(server, 202, "POST", users, body: Bodies.sync([Bodies.user("u2", "b@x.io")]))
            _ = try await call(server, 200, "POST", users, body: #"{"test":"connection"}"#)
            _ = try await call(server, 400, "POST", users, body: Bodies.sync([Bodies.user("u3", "nonsense")]))
            _ = try await call(server, 401, "POST", users, body: mixed, ["X-Internal-API-Key": "wrong-key-wrong-key-0"])
            _ = try await call(server, 403, "POST", users, body: mixed, ["X-Internal-API-Key": TestServer.opsKey])
            _ = try await call(server, 415, "POST", users, body: mixed, ["Content-Encoding": "br"])
            _ = try await call(server, 202, "POST", users, body: mixed, ["Idempotency-Key": "k"])
            _ = try await call(server, 422, "POST", users, body: Bodies.sync([]), ["Idempotency-Key": "k"])
            _ = try await call(server, 415, "POST", users, body: mixed, ["Content-Type": "text/plain"])
            for moment in ["2025-08-19", "2025-08-19T10:00:00Z", "2025-08-19T10:00:00.5%2B02:00"] {
                _ = try await call(server, 200, "GET", jobs, at: "\(jobs)?since=\(moment)&until=\(moment)")
            }
            for job in [removing, whole] { _ = try await server.ended(try #require(job.jobId.string)) }

            let job = "\(jobs)/\(try #require(failing.jobId.string))"
            for ended in [failing, removing, whole] {
                _ = try await call(server, 200, "GET", "\(jobs)/{id}", at: "\(jobs)/\(ended.jobId.string ?? "")")
            }
            let aliases = "/api/internal/sync/tenants/aliases"
            _ = try await call(server, 200, "POST", "\(aliases)/set", at: "\(aliases)/set?alias=corp&tenantId=t1")
            _ = try await call(server, 409, "POST", "\(aliases)/set", at: "\(aliases)/set?alias=t1&tenantId=t2")
            _ = try await call(server, 200, "GET", aliases)
            for status in [200, 404] {
                _ = try await call(server, status, "POST", "\(aliases)/forget", at: "\(aliases)/forget?alias=corp")
            }
            for (query, status) in [("", 200), ("?limit=2", 200), ("?limit=none", 400)] {
                _ = try await call(server, status, "GET", jobs, at: jobs + query)
            }
            _ = try await call(server, 404, "GET", "\(jobs)/{id}", at: "\(jobs)/none")
            _ = try await call(server, 200, "GET", "\(jobs)/{id}/results", at: "\(job)/results?limit=1")
            _ = try await call(
                server, 200, "GET", "\(jobs)/{id}/results", at: "\(job)/results", ["Accept": "application/x-ndjson"])
            _ = try await call(server, 409, "POST", "\(jobs)/{id}/cancel", at: "\(job)/cancel")
            _ = try await call(server, 404, "POST", "\(jobs)/{id}/cancel", at: "\(jobs)/none/cancel")
            _ = try await call(server, 404, "POST", "\(jobs)/{id}/retry", at: "\(jobs)/none/retry")

            #expect(try await eventually { try await server.status().webhooks.dead.int ?? 0 >= 3 })
            let log = try await call(server, 200, "GET", deliveries)
            let dead = try #require(log.deliveries[0].id.string)
            server.receiver.answer(with: 502)
            _ = try await call(server, 202, "POST", "\(deliveries)/{id}/redeliver", at: "\(deliveries)/\(dead)/redeliver")
            _ = try await call(server, 404, "POST", "\(deliveries)/{id}/redeliver", at: "\(deliveries)/none/redeliver")
            _ = try await call(server, 202, "POST", "\(deliveries)/redeliver", at: "\(deliveries)/redeliver?state=dead")
            _ = try await call(server, 400, "POST", "\(deliveries)/redeliver")
            _ = try await call(server, 202, "POST", "\(deliveries)/test")

            try await server.whileLocked {
                _ = try await call(server, 202, "POST", "\(jobs)/{id}/retry", at: "\(job)/retry")
                let open = try await call(
                    server, 202, "POST", users, body: Bodies.sync(Bodies.users(150), tenant: "t2"), ["X-Tenant-ID": "t2"])
                let path = "\(jobs)/\(try #require(open.jobId.string))"
                #expect(try await server.isDirectoryAway())
                try await server.countFailedTry(tenant: "t2", error: "out of memory")
                for path in ["/api/internal/sync/status", "/api/health", "/api/internal/health", "/readyz"] {
                    _ = try await call(server, 200, "GET", path)
                }
                _ = try await call(server, 200, "GET", "\(jobs)/{id}", at: path)
                _ = try await call(server, 409, "POST", "\(jobs)/{id}/retry", at: "\(path)/retry")
                _ = try await call(server, 200, "POST", "\(jobs)/{id}/cancel", at: "\(path)/cancel")
                _ = try await call(server, 200, "GET", jobs)
                _ = try await call(server, 200, "GET", deliveries)
            }
            try await server.whileQueueLocked {
                _ = try await call(server, 503, "POST", users, body: mixed)
                _ = try await call(server, 503, "GET", "/readyz")
            }
            for path in ["/livez", "/metrics", "/openapi.json"] { _ = try await call(server, 200, "GET", path) }
        }
        try await TestServer.run(["WRAPPER_WEBHOOK_URL": "", "MAX_USERS_PER_REQUEST": "1", "RATE_LIMIT_MAX": "1"]) { server in
            _ = try await call(server, 409, "POST", "\(deliveries)/test")
            _ = try await call(server, 413, "POST", users, body: Bodies.sync(Bodies.users(2)))
            _ = try await call(server, 429, "POST", users, body: Bodies.sync([]))
        }
        #expect(try await OpenAPIChecker.problems(document: OpenAPIDocument.json(), instances: instances) == [])
    }

    @Test("documents of jobs in every state and of every outcome keep to its schemas")
    func documents() async throws {
        var instances: [OpenAPIChecker.Instance] = []
        let results = UserOutcome.allCases.enumerated().map { index, outcome in
            UserResult(
                applied: AppliedUser(
                    index: UInt32(index), outcome: outcome, code: outcome == .failed ? .userNotFound : nil,
                    crmUserID: outcome == .failed ? 0 : 7),
                userID: outcome == .created ? nil : "u", email: outcome == .removed ? nil : "u@company.com")
        }
        for operation in SyncModel.Operation.allCases {
            for state in JobState.allCases {
                var job = sample(operation, state)
                job.warnings = ["X-Sync-Source is absent"]
                instances.append(.schema("Acknowledgement", AcknowledgementDocument(job: job).json))
                instances.append(.schema("JobSummary", JobSummaryDocument(job: job, now: now).json))
                var webhook = JobDocument.Webhook()
                webhook.id = "msg_1"
                webhook.type = "user_sync.completed"
                webhook.state = "pending"
                webhook.attempts = 2
                webhook.nextAttemptAt = now
                webhook.lastStatus = 502
                webhook.lastError = "HTTP 502"
                for links in [JobLinks(), JobLinks(publicURL: "https://sync.example")] {
                    let document = JobDocument(job: job, results: results, webhook: webhook, links: links, now: now)
                    instances.append(.schema("Job", document.json))
                    guard state.isEnd else { continue }
                    instances.append(.schema("Result", ResultDocument(job: job, results: results, limit: 3, links: links).json))
                    instances.append(.schema("WebhookEvent", WebhookDocument(job: job, results: results, links: links).json))
                }
            }
        }
        instances.append(.schema("TestEvent", WebhookDocument(testAt: now).json))
        for code in FailureCode.allCases {
            let result = UserResult(applied: AppliedUser(index: 0, outcome: .failed, code: code), userID: nil, email: nil)
            instances.append(.schema("UserResult", UserResultDocument(result, operation: .userSync).json))
        }
        let violation = Violation(
            path: [.key("users"), .index(17), .key("email")], message: #""users[17].email" must be a valid email"#,
            type: "string.email")
        let invalid = APIError(.badRequest, "Invalid request format", details: .violations([violation], errorCount: 1))
        instances.append(.schema("Error", invalid.document(requestID: "r", now: now).json))
        #expect(try await OpenAPIChecker.problems(document: OpenAPIDocument.json(), instances: instances) == [])
    }

    private let now = Timestamp(iso8601: "2025-08-19T10:00:10.000Z") ?? Timestamp(microseconds: 0)

    /// A job of six users that was accepted ten seconds ago.
    private func sample(_ operation: SyncModel.Operation, _ state: JobState) -> Job {
        let accepted = now.advanced(bySeconds: -10)
        var job = Job(
            id: JobID(now: accepted), operation: operation, tenantID: "tenant-uuid", tenantName: "Company Name",
            source: "wrapper",
            state: state, syncTime: accepted, acceptedAt: accepted, totalUsers: 6, batches: 1, requestID: "request-1")
        guard state != .queued else { return job }
        job.startedAt = accepted.advanced(bySeconds: 1)
        job.attempts = [BatchAttempt(batch: 0, attempt: 1, at: now, error: "database is locked")]
        job.counts.failed = 1
        job.failedCodes = ["identity_conflict": 1]
        job.cancelRequested = state == .cancelled
        job.counts.cancelled = state == .cancelled ? 2 : 0
        job.counts.created = state == .running ? 3 : 5 - job.counts.cancelled
        guard state.isEnd else { return job }
        job.sequence = 3
        return job.ended(as: state, at: accepted.advanced(bySeconds: 3), error: state == .failed ? "Its batches are gone" : nil)
    }
}
