import Foundation
import HTTPTypes
import JobQueue
import SyncEngine
import Synchronization
import SyncModel
import SyncServer
import Testing

@Suite("The OpenAPI document")
struct OpenAPITests {
    private func document() throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(OpenAPIDocument.json())) as? [String: Any])
    }

    @Test("is valid OpenAPI 3.1, and its examples keep to its schemas")
    func valid() async throws {
        #expect(try await OpenAPIChecker.problems(document: OpenAPIDocument.json(), instances: []) == [])
    }

    @Test("the check finds what is wrong: a member the document does not name, one that is missing, a status it does not know")
    func checkFinds() async throws {
        let problems = try await OpenAPIChecker.problems(
            document: OpenAPIDocument.json(),
            instances: [
                .schema("Alive", Array(#"{"success":true,"status":"ok","more":1}"#.utf8)),
                .schema("Alive", Array(#"{"success":true}"#.utf8)),
                .answer("GET", "/livez", Answer(status: 418, headers: [:], body: Data())),
            ])
        #expect(problems.count == 3)
    }

    @Test("has every route of the table, and none besides")
    func routes() throws {
        let paths = try document().object("paths")
        var described: Set<String> = []
        for path in paths.keys {
            for method in try paths.object(path).keys { described.insert("\(method.uppercased()) \(path)") }
        }
        #expect(described == Set(RouteTable.all.map { "\($0.method.rawValue) \($0.path)" }))
    }

    @Test("asks for no key exactly where everybody may call, and knows 403 exactly where operators may not")
    func security() throws {
        let paths = try document().object("paths")
        for route in RouteTable.all {
            let operation = try paths.object(route.path).object(route.method.rawValue.lowercased())
            #expect((operation["security"] != nil) == (route.access == .open), "\(route.path)")
            let responses = try operation.object("responses")
            #expect((responses["403"] != nil) == (route.access == .internalKey), "\(route.path)")
            #expect((responses["401"] != nil) == (route.access != .open), "\(route.path)")
        }
    }

    @Test("names PUBLIC_URL as its server where that is set")
    func server() throws {
        let json = OpenAPIDocument.json(publicURL: "https://sync.example")
        let document = try #require(try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any])
        #expect(try document.array("servers").first?.string("url") == "https://sync.example")
    }

    @Test("is served as it is")
    func served() async throws {
        try await WatchServer.run { server in
            let answer = try await server.get("/openapi.json")
            #expect(answer.body == Data(OpenAPIDocument.json()))
            #expect(answer.headers["content-type"] == "application/json; charset=utf-8")
        }
    }

    @Test("is true: documents of jobs in every state keep to its schemas")
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
                var job = WatchSamples.job(1, state, users: 6, failed: 1, cancelled: state == .cancelled ? 2 : 0)
                job.operation = operation
                job.warnings = ["X-Sync-Source is absent"]
                instances.append(.schema("Acknowledgement", AcknowledgementDocument(job: job).json))
                instances.append(.schema("JobSummary", JobSummaryDocument(job: job, now: WatchSamples.now).json))
                let webhook = JobDocument.Webhook(WatchSamples.delivery("msg_1", job: job.id))
                for links in [JobLinks(), JobLinks(publicURL: "https://sync.example")] {
                    let document = JobDocument(job: job, results: results, webhook: webhook, links: links, now: WatchSamples.now)
                    instances.append(.schema("Job", document.json))
                    guard state.isEnd else { continue }
                    instances.append(.schema("Result", ResultDocument(job: job, results: results, limit: 3, links: links).json))
                    instances.append(.schema("WebhookEvent", WebhookDocument(job: job, results: results, links: links).json))
                }
            }
        }
        instances.append(.schema("TestEvent", WebhookDocument.testEvent(at: WatchSamples.now)))
        for code in FailureCode.allCases {
            let result = UserResult(applied: AppliedUser(index: 0, outcome: .failed, code: code), userID: nil, email: nil)
            instances.append(.schema("UserResult", UserResultDocument(result, operation: .userSync).json))
        }
        let violations = Array(
            #"[{"path":["users",17,"email"],"message":"\"users[17].email\" must be a valid email","type":"string.email"}]"#.utf8)
        let invalid = APIError(.badRequest, "Invalid request format", details: .violations(json: violations, errorCount: 1))
        instances.append(.schema("Error", invalid.json(requestID: "r", now: WatchSamples.now)))
        #expect(try await OpenAPIChecker.problems(document: OpenAPIDocument.json(), instances: instances) == [])
    }

    @Test("is true: what the server answers is what it says")
    func answers() async throws {
        var state = FakeQueue.State()
        state.jobs = JobState.allCases.enumerated().map { WatchSamples.job($0, $1, failed: 1) }
        state.deliveries = DeliveryState.allCases.map { WatchSamples.delivery("msg_\($0)", job: WatchSamples.id(2), $0) }
        state.deliveries.append(WatchSamples.delivery("msg_test", job: nil))
        state.statistics = StatusAndHealthTests.statistics
        state.resultCount = 20
        let queue = FakeQueue(state)
        let engine = FakeEngine()
        engine.state.withLock { $0.knownDeliveries = ["msg_dead"] }
        let jobs = "/api/internal/sync/jobs"
        let deliveries = "/api/internal/sync/deliveries"

        let instances = try await WatchServer.run(queue: queue, engine: engine) { server in
            var instances: [OpenAPIChecker.Instance] = []
            func call(_ method: String, _ template: String, _ target: String? = nil, accept: String? = nil) async throws {
                let answer = try await server.send(method, target ?? template, accept: accept)
                instances.append(.answer(method, template, answer))
            }
            for path in [
                "/api/internal/sync/status", "/api/health", "/api/internal/health", "/livez", "/readyz", "/metrics", jobs,
                deliveries, "/openapi.json",
            ] {
                try await call("GET", path)
            }
            try await call("GET", jobs, "\(jobs)?limit=2")
            try await call("GET", jobs, "\(jobs)?limit=none")
            for number in JobState.allCases.indices {
                try await call("GET", "\(jobs)/{id}", "\(jobs)/\(WatchSamples.id(number))")
            }
            let job = "\(jobs)/\(WatchSamples.id(2))"
            try await call("GET", "\(jobs)/{id}", "\(jobs)/none")
            try await call("GET", "\(jobs)/{id}/results", "\(job)/results?limit=15")
            try await call("GET", "\(jobs)/{id}/results", "\(job)/results", accept: "application/x-ndjson")
            try await call("POST", "\(jobs)/{id}/retry", "\(job)/retry")
            try await call("POST", "\(jobs)/{id}/cancel", "\(job)/cancel")
            engine.state.withLock {
                $0.retry = .linked(WatchSamples.job(9, .queued), existing: false)
                $0.cancel = .requested(WatchSamples.job(1, .running))
            }
            try await call("POST", "\(jobs)/{id}/retry", "\(job)/retry")
            try await call("POST", "\(jobs)/{id}/cancel", "\(job)/cancel")
            engine.state.withLock {
                $0.retry = .nothingFailed(WatchSamples.job(2, .completed))
                $0.cancel = .ended(WatchSamples.job(2, .completed))
            }
            try await call("POST", "\(jobs)/{id}/retry", "\(job)/retry")
            try await call("POST", "\(jobs)/{id}/cancel", "\(job)/cancel")
            try await call("POST", "\(deliveries)/test")
            engine.state.withLock { $0.testEvent = WatchSamples.delivery("msg_test", job: nil) }
            try await call("POST", "\(deliveries)/test")
            try await call("POST", "\(deliveries)/{id}/redeliver", "\(deliveries)/msg_dead/redeliver")
            try await call("POST", "\(deliveries)/{id}/redeliver", "\(deliveries)/none/redeliver")
            engine.state.withLock { $0.status.draining = true }
            try await call("GET", "/readyz")
            return instances
        }
        #expect(try await OpenAPIChecker.problems(document: OpenAPIDocument.json(), instances: instances) == [])
    }
}
